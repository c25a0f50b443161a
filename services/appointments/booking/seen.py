"""What somebody who acts on an appointment goes by, in one read: it, its places and its contact.

What is decided on it is swapped by its version, in one statement more.
"""

from typing import NamedTuple
from uuid import UUID

from services.appointments.booking.models import Appointment, Citizen
from services.appointments.booking.rules import Place
from shared.database.engine import DirectPool
from shared.database.rows import columns, loaded, rest

_SEEN = f"""
SELECT {columns(Appointment, "a")}, c.name_sealed, c.phone_sealed,
  ARRAY(
    SELECT ROW(s.id, s.starts_at, s.minutes) FROM appointment_slot x JOIN slot s ON s.id = x.slot_id
    WHERE x.appointment_id = a.id ORDER BY s.starts_at
  )
FROM appointment a
LEFT JOIN citizen c ON c.key = a.citizen_key
WHERE {{which}} = $1
"""
_BY_ID, _BY_CODE = _SEEN.format(which="a.id"), _SEEN.format(which="a.code")


class Seen(NamedTuple):
    """An appointment with its places in order of time; `contact` is of who has no account."""

    appointment: Appointment
    places: list[Place]
    contact: Citizen | None


async def find(direct: DirectPool, reference: UUID | str) -> Seen | None:
    """The appointment with that id or public code."""
    sql = _BY_ID if isinstance(reference, UUID) else _BY_CODE
    record = await direct.fetchrow(sql, reference)
    if record is None:
        return None
    appointment = loaded(Appointment, record)
    name_sealed, phone_sealed, places = rest(Appointment, record)
    contact = None
    if name_sealed is not None:
        sealed = {"name_sealed": name_sealed, "phone_sealed": phone_sealed}
        contact = Citizen(key=appointment.citizen_key, **sealed)
    return Seen(appointment, [Place(*place) for place in places], contact)
