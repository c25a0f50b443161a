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
from services.appointments.waitlist.rules import wished
from shared.database.engine import DirectPool
from shared.database.rows import Fetch, columns, loaded, rest
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
  x.item_code, x.on_date, x.starts_at, x.minutes, x.expires_at, x.party_id, x.person_no
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
_PARTY = f"""
SELECT {columns(Appointment, "a")}, ARRAY(
    SELECT ROW(s.id, s.starts_at, s.minutes) FROM appointment_slot x JOIN slot s ON s.id = x.slot_id
    WHERE x.appointment_id = a.id ORDER BY s.starts_at
  )
FROM appointment a WHERE a.party_id = ANY($1::uuid[]) ORDER BY a.person_no, a.leg_no
"""
_LEAVING = f"""
SELECT {columns(Appointment, "a")}, {_SHOWN}, ARRAY(
    SELECT ROW(s.id, s.closes_at, s.losses) FROM appointment_slot x JOIN slot s ON s.id = x.slot_id
    WHERE x.appointment_id = a.id
  ), EXISTS({HELPED.format(leaving="ARRAY[a.id]", now="$2::timestamptz")}), {wished("a")},
  {columns(BookingPolicy, "b")}
FROM appointment a LEFT JOIN citizen c ON c.key = a.citizen_key
LEFT JOIN LATERAL (SELECT * FROM booking_policy p WHERE p.hall_code = a.hall_code
  ORDER BY p.version DESC LIMIT 1) b ON true
WHERE {{which}} = $1
"""
_LEAVING_PARTY = _LEAVING.format(which="a.party_id")


def _by(reference: UUID | str) -> str:
    return "a.id" if isinstance(reference, UUID) else "a.code"


class SeenLeg(NamedTuple):
    """A leg of a visit, with its places in order of time."""

    appointment: Appointment
    places: list[Place]


class Seen(NamedTuple):
    """An appointment with its places in order of time; `contact` is of who has no account.

    `party` are all legs of what was booked together, this one among them; none of what was not.
    """

    appointment: Appointment
    places: list[Place]
    contact: Citizen | None
    party: Sequence[SeenLeg] = ()

    @property
    def legs(self) -> Sequence[SeenLeg]:
        """All of the visit."""
        return self.party or [SeenLeg(self.appointment, self.places)]


async def find(direct: DirectPool, reference: UUID | str) -> Seen | None:
    """The appointment with that id or public code."""
    record = await direct.fetchrow(_SEEN.format(which=_by(reference)), reference)
    if record is None:
        return None
    found = _seen(loaded(Appointment, record), *rest(Appointment, record))
    one = found.appointment
    if one.party_id is None:
        return found
    [party] = (await parties(direct.fetch, [one.party_id])).values()
    same = [leg if leg.appointment.id != one.id else SeenLeg(one, found.places) for leg in party]
    return found._replace(party=same)


async def parties(fetch: Fetch, ids: Sequence[UUID]) -> dict[UUID, list[SeenLeg]]:
    """The legs of each party, person by person."""
    found: dict[UUID, list[SeenLeg]] = {}
    for record in await fetch(_PARTY, list(ids)) if ids else ():
        values = list(record)
        leg = loaded(Appointment, values)
        [places] = rest(Appointment, values)
        assert leg.party_id is not None
        found.setdefault(leg.party_id, []).append(SeenLeg(leg, [Place(*place) for place in places]))
    return found


class Leaving(NamedTuple):
    """An appointment that may be given up, with the slots of its places and its hall's policy;
    `is_awaited`: somebody who lost their time could have one once it is; `is_wished`: its place is
    one for the waitlist."""

    seen: Seen
    slots: Sequence[LeftSlot]
    is_awaited: bool
    is_wished: bool
    policy: BookingPolicy
    party: Sequence["Leaving"] = ()
    """All legs of what was booked together, this one among them; none of what was not."""

    @property
    def appointment(self) -> Appointment:
        return self.seen.appointment


async def find_leaving(direct: DirectPool, reference: UUID | str, now: datetime) -> Leaving | None:
    """The same of one that is given up."""
    record = await direct.fetchrow(_LEAVING.format(which=_by(reference)), reference, now)
    if record is None:
        return None
    found = _leaving(record, now)
    one = found.appointment
    if one.party_id is None:
        return found
    records = await direct.fetch(
        f"{_LEAVING_PARTY} ORDER BY a.person_no, a.leg_no", one.party_id, now
    )
    legs = [_leaving(each, now) for each in records]
    party = [found if leg.appointment.id == one.id else leg for leg in legs]
    seen = found.seen._replace(party=[SeenLeg(leg.appointment, leg.seen.places) for leg in party])
    return found._replace(seen=seen, party=party)


def _leaving(record: Iterable[Any], now: datetime) -> Leaving:
    one = loaded(Appointment, record)
    name, phone, places, slots, is_awaited, is_wished, *policy = rest(Appointment, record)
    known = loaded(BookingPolicy, policy) if policy[0] else policies.default(one.hall_code, now)
    left = [LeftSlot(*slot) for slot in slots]
    return Leaving(_seen(one, name, phone, places), left, is_awaited, is_wished, known)


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
