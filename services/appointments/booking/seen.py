"""What somebody who acts on an appointment goes by, in one read: it, its places and its contact.

What is decided on it is swapped by its version, in one statement more.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.appointments.booking.limits import KnownAppointment
from services.appointments.booking.models import Appointment, AppointmentState, Citizen
from services.appointments.booking.rules import Place
from services.appointments.booking.workflow import HOLDING, WORKFLOW, AppointmentAction
from services.appointments.people.rules import Person, of_person_in_order, same_person
from services.appointments.policies import service as policies
from services.appointments.policies.models import BookingPolicy
from services.appointments.slots.models import SlotState
from services.appointments.slots.rules import LeftSlot, LockedSlot
from shared.database.engine import DirectPool
from shared.database.rows import columns, loaded, rest
from shared.database.transitions import listed, sources

WITHOUT = (
    f"o.state IN ({sources(WORKFLOW.of(AppointmentAction.RESUPPORT))}) AND o.starts_at > {{now}}"
)
# By a place in their time, or because their person has one thing less. An appointment has at most
# eight slots of eight hours: the bound lets an index find them.
HELPED = f"""
SELECT o.id, o.hall_code FROM appointment_slot x JOIN slot s ON s.id = x.slot_id
JOIN appointment o ON o.hall_code = s.hall_code AND o.pool = s.pool AND {WITHOUT}
  AND o.starts_at > s.starts_at - interval '3 days'
  AND o.starts_at < s.starts_at + make_interval(mins => s.minutes)
  AND s.starts_at < o.starts_at + make_interval(mins => o.minutes)
WHERE x.appointment_id = ANY({{leaving}}) AND o.id <> ALL({{leaving}})
UNION
SELECT o.id, o.hall_code FROM (
  SELECT citizen_key, person_document AS document, person_phone AS phone
  FROM appointment WHERE id = ANY({{leaving}})
) w JOIN appointment o ON {same_person("o", "w")} AND {WITHOUT} AND o.id <> ALL({{leaving}})
"""
"""Who has lost their time, and could have one when the appointments `leaving` go."""

THEIRS = f"""
SELECT x.id, x.code, x.state, x.hall_code, x.citizen_key, x.person_document, x.person_phone,
  x.item_code, x.on_date, x.starts_at, x.minutes, x.expires_at
FROM appointment x WHERE {{whose}} AND x.state IN ({listed(HOLDING)})
"""
"""What a person has at every hall."""
_WANTED = f"""
SELECT ARRAY(
    SELECT ROW(s.id, s.state, s.capacity, s.booked, s.closes_at, s.opens_at, s.kept_back)
    FROM slot s WHERE s.id = ANY($4::uuid[])
  ), ARRAY(
    SELECT ROW(t.*) FROM ({THEIRS.format(whose=of_person_in_order("x"))}) t ORDER BY starts_at, id
  ), ARRAY(SELECT ROW(b.key, b.turn) FROM booking_turn b WHERE b.key = ANY($5::text[]))
"""

_SHOWN = """c.name_sealed, c.phone_sealed, ARRAY(
    SELECT ROW(s.id, s.starts_at, s.minutes) FROM appointment_slot x JOIN slot s ON s.id = x.slot_id
    WHERE x.appointment_id = a.id ORDER BY s.starts_at
  )"""
_SEEN = f"""
SELECT {columns(Appointment, "a")}, {_SHOWN}
FROM appointment a LEFT JOIN citizen c ON c.key = a.citizen_key WHERE {{which}} = $1
"""
_LEAVING = f"""
SELECT {columns(Appointment, "a")}, {_SHOWN}, ARRAY(
    SELECT ROW(s.id, s.closes_at, s.losses) FROM appointment_slot x JOIN slot s ON s.id = x.slot_id
    WHERE x.appointment_id = a.id
  ), EXISTS({HELPED.format(leaving="ARRAY[a.id]", now="$2::timestamptz")}),
  {columns(BookingPolicy, "b")}
FROM appointment a LEFT JOIN citizen c ON c.key = a.citizen_key
LEFT JOIN LATERAL (SELECT * FROM booking_policy p WHERE p.hall_code = a.hall_code
  ORDER BY p.version DESC LIMIT 1) b ON true
WHERE {{which}} = $1
"""


def _by(reference: UUID | str) -> str:
    return "a.id" if isinstance(reference, UUID) else "a.code"


class Seen(NamedTuple):
    """An appointment with its places in order of time; `contact` is of who has no account."""

    appointment: Appointment
    places: list[Place]
    contact: Citizen | None


async def find(direct: DirectPool, reference: UUID | str) -> Seen | None:
    """The appointment with that id or public code."""
    record = await direct.fetchrow(_SEEN.format(which=_by(reference)), reference)
    if record is None:
        return None
    return _seen(loaded(Appointment, record), *rest(Appointment, record))


class Leaving(NamedTuple):
    """An appointment that may be given up, with the slots of its places and its hall's policy;
    `is_awaited`: somebody who lost their time could have one once it is."""

    seen: Seen
    slots: Sequence[LeftSlot]
    is_awaited: bool
    policy: BookingPolicy

    @property
    def appointment(self) -> Appointment:
        return self.seen.appointment


async def find_leaving(direct: DirectPool, reference: UUID | str, now: datetime) -> Leaving | None:
    """The same of one that is given up."""
    record = await direct.fetchrow(_LEAVING.format(which=_by(reference)), reference, now)
    if record is None:
        return None
    one = loaded(Appointment, record)
    name, phone, places, slots, is_awaited, *policy = rest(Appointment, record)
    known = loaded(BookingPolicy, policy) if policy[0] else policies.default(one.hall_code, now)
    left = [LeftSlot(*slot) for slot in slots]
    return Leaving(_seen(one, name, phone, places), left, is_awaited, known)


class SeenMove(NamedTuple):
    """The slots that somebody wants, what they have besides, and whose turn it is."""

    slots: dict[UUID, LockedSlot]
    theirs: list[KnownAppointment]
    turns: dict[str, int]


async def find_wanted(direct: DirectPool, person: Person, slots: Sequence[UUID]) -> SeenMove:
    """All of one moment."""
    [record] = await direct.fetch(_WANTED, *person, list(slots), person.turn_keys)
    rows, theirs, turns = record
    found = [LockedSlot(row[0], SlotState(row[1]), *row[2:]) for row in map(tuple, rows)]
    return SeenMove({row.id: row for row in found}, [known(row) for row in theirs], dict(turns))


def known(row: Iterable[Any]) -> KnownAppointment:
    """A row of `THEIRS`."""
    id_, code, state, *others = row
    return KnownAppointment(id_, code, AppointmentState(state), *others)


def _seen(
    appointment: Appointment,
    name_sealed: Any,
    phone_sealed: Any,
    places: Iterable[Iterable[Any]],
) -> Seen:
    contact = None
    if name_sealed is not None:
        sealed = {"name_sealed": name_sealed, "phone_sealed": phone_sealed}
        contact = Citizen(key=appointment.citizen_key, **sealed)
    return Seen(appointment, [Place(*place) for place in places], contact)
