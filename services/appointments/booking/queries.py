"""The SQL of appointments; what gives out places is in `statement.py`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, text, tuple_
from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.limits import KnownAppointment
from services.appointments.booking.models import Appointment, AppointmentState, Citizen, Penalty
from services.appointments.booking.rules import BarringPenalty, Place
from services.appointments.booking.seen import HELPED, THEIRS, WITHOUT, known
from services.appointments.booking.statement import changed
from services.appointments.booking.workflow import LIVE, WORKFLOW, AppointmentAction
from services.appointments.people.ownership import owned_by
from services.appointments.people.rules import Person, of_person, of_person_in_order
from services.appointments.waitlist.rules import wished as is_wished
from shared.database.engine import DirectPool
from shared.database.swap_statement import SwapStatement
from shared.database.transitions import listed, sources, target

_LIVE = listed(LIVE)
_EXPIRING = WORKFLOW.of(AppointmentAction.EXPIRE)
_ABSENT = [WORKFLOW[AppointmentState.CONFIRMED, AppointmentAction.MISS]]
"""Whoever checked in is not absent: the queue marks those whom it called in vain."""
_EXCUSED = WORKFLOW.of(AppointmentAction.EXCUSE)

_IN_ORDER = "ORDER BY x.starts_at, x.id"
_THEIRS_DIRECT = f"{THEIRS.format(whose=of_person_in_order('x'))}{_IN_ORDER}"

_BARRING = f"""
SELECT p.id, p.hall_code, p.citizen_key, p.person_document, p.person_phone, p.blocked_until
FROM penalty p WHERE {of_person_in_order("p", apart=True)}
  AND p.hall_code = $4 AND p.blocked_until > $5 AND p.lifted_at IS NULL
ORDER BY p.blocked_until DESC LIMIT 1
"""

_SLOTS_OF = text("""
SELECT x.appointment_id, s.id, s.starts_at, s.minutes
FROM appointment_slot x JOIN slot s ON s.id = x.slot_id
WHERE x.appointment_id = ANY(:ids) ORDER BY s.starts_at
""")

# Few at a time, so that nobody waits long for the rows, nor for the slots that get places back.
_RAN_OUT = text(f"""
SELECT id FROM appointment WHERE state IN ({sources(_EXPIRING)}) AND expires_at <= :now
ORDER BY id LIMIT 500
""")
_EXPIRE = text(f"""
WITH due AS (
  -- SKIP LOCKED: who confirms at this moment wins, or is met by the next run.
  SELECT id FROM appointment WHERE id = ANY(:ids)
    AND state IN ({sources(_EXPIRING)}) AND expires_at <= :now
  ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE appointment SET state = {target(_EXPIRING)}, version = version + 1, expires_at = NULL,
  changed_at = :now
FROM due WHERE appointment.id = due.id RETURNING appointment.*
""")

_MISS = text(f"""
WITH due AS (
  -- Only the appointments are locked, not the policy; who checks in at this moment is passed over.
  -- Seven days bound the scan of the index, should the job have stood still for a while.
  -- Whoever was given the time back after the deadline to cancel it is excused: the hall had taken
  -- it, and they may cancel it until it begins.
  SELECT a.id, coalesce(
    a.regained_at > a.starts_at - make_interval(mins => coalesce(p.until, 120)), false) AS excused
  FROM appointment a
  LEFT JOIN LATERAL (
    SELECT check_in_late_minutes AS late, cancel_grace_minutes AS grace,
      cancel_until_minutes AS until
    FROM booking_policy p WHERE p.hall_code = a.hall_code ORDER BY version DESC LIMIT 1
  ) p ON true
  WHERE a.state IN ({sources(_ABSENT)})
    AND a.starts_at BETWEEN CAST(:now AS timestamptz) - interval '7 days' AND :now
    AND a.starts_at + make_interval(mins => coalesce(p.late, 30)) < :now
    -- While they may still cancel, they have missed nothing.
    AND greatest(a.held_at, a.regained_at) + make_interval(mins => coalesce(p.grace, 10)) < :now
  ORDER BY a.id LIMIT 500 FOR UPDATE OF a SKIP LOCKED
)
UPDATE appointment SET version = version + 1, changed_at = :now,
  state = CASE WHEN due.excused THEN {target(_EXCUSED)} ELSE {target(_ABSENT)} END
FROM due WHERE appointment.id = due.id RETURNING appointment.*
""")

# By when it was known: who is called before their own time and does not come back has missed it.
_NO_SHOWS = text(f"""
SELECT x.* FROM appointment x WHERE {of_person("x", apart=True)} AND x.hall_code = :hall
  AND x.state = {target(_ABSENT)} AND x.starts_at > :since AND x.changed_at <= :until
ORDER BY x.changed_at, x.starts_at, x.id
""")

_ALL_WITHOUT = text(
    f"SELECT o.id, o.hall_code FROM appointment o WHERE {WITHOUT.format(now=':now')}"
)
_HELPED = text(HELPED.format(leaving=":leaving", now=":now"))
_MEET = """
INSERT INTO citizen (key, name_sealed, phone_sealed, id_number_sealed, updated_at)
VALUES (:key, :full_name, :phone, :id_number, :now)
ON CONFLICT (key) DO UPDATE SET name_sealed = excluded.name_sealed,
  phone_sealed = excluded.phone_sealed, updated_at = excluded.updated_at,
  id_number_sealed = coalesce(excluded.id_number_sealed, citizen.id_number_sealed)
"""
_WISHED = text(f"SELECT a.id FROM appointment a WHERE a.id = ANY(:ids) AND {is_wished('a')}")
_LOCK = text("SELECT FROM appointment WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_LEAVE_SLOTS = text("DELETE FROM appointment_slot WHERE appointment_id = ANY(:ids)")
_ENTER_SLOTS = text("""
INSERT INTO appointment_slot (appointment_id, slot_id)
SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:slots AS uuid[]))
""")


async def all_without(session: AsyncSession, now: datetime) -> dict[UUID, str]:
    """The appointments to come, of every hall, that have lost their time; with their halls."""
    return {row[0]: row[1] for row in await session.execute(_ALL_WITHOUT, {"now": now})}


async def helped_by(
    session: AsyncSession, leaving: Iterable[UUID], now: datetime
) -> dict[UUID, str]:
    """Those of them that could have a time when these appointments go; with their halls."""
    asked = {"leaving": list(leaving), "now": now}
    return {row[0]: row[1] for row in await session.execute(_HELPED, asked)}


async def wished(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the appointments whose places are for the waitlist."""
    return set((await session.execute(_WISHED, {"ids": ids})).scalars())


async def halls_of(session: AsyncSession, ids: Iterable[UUID]) -> set[str]:
    """The halls of the appointments."""
    wanted = select(Appointment.hall_code).where(col(Appointment.id).in_(list(ids)))
    return set(await session.exec(wanted))


async def lock(session: AsyncSession, ids: Iterable[UUID]) -> None:
    """Holds the appointments until the transaction ends, in id order."""
    await session.execute(_LOCK, {"ids": list(ids)})


def meet(statement: SwapStatement, contact: Citizen) -> None:
    """The contact of who has no account, as it is known from now on."""
    statement.also(
        _MEET,
        key=contact.key,
        full_name=contact.name_sealed,
        phone=contact.phone_sealed,
        id_number=contact.id_number_sealed,
        now=contact.updated_at,
    )


async def reseat(session: AsyncSession, places: Mapping[UUID, Sequence[UUID]]) -> None:
    """Gives the appointments these slots for those that they had; the counts are the caller's."""
    pairs = [(one, slot) for one, run in places.items() for slot in run]
    await session.execute(_LEAVE_SLOTS, {"ids": list(places)})
    values = {"ids": [one for one, _ in pairs], "slots": [slot for _, slot in pairs]}
    await session.execute(_ENTER_SLOTS, values)


async def barring(
    direct: DirectPool, person: Person, hall: str, now: datetime
) -> BarringPenalty | None:
    """The penalty that bars the person at the hall for longest."""
    row = await direct.fetchrow(_BARRING, *person, hall, now)
    return None if row is None else BarringPenalty(*row)


async def theirs(direct: DirectPool, person: Person) -> list[KnownAppointment]:
    """What the person has at every hall, by time."""
    return [known(row) for row in await direct.fetch(_THEIRS_DIRECT, *person)]


async def find(session: AsyncSession, reference: UUID | str) -> Appointment | None:
    """The appointment with that id or public code."""
    column = col(Appointment.id) if isinstance(reference, UUID) else col(Appointment.code)
    return (await session.exec(select(Appointment).where(column == reference))).one_or_none()


async def of_ids(session: AsyncSession, ids: Iterable[UUID]) -> Sequence[Appointment]:
    """The appointments with these ids."""
    wanted = select(Appointment).where(col(Appointment.id).in_(list(ids)))
    return (await session.exec(wanted)).all()


async def newest_of_visit(session: AsyncSession, appointment: Appointment) -> Appointment:
    """The appointment that holds now, however often the visit was moved."""
    visit = appointment.visit_id or appointment.id
    rows = (
        select(Appointment)
        .where(or_(col(Appointment.visit_id) == visit, col(Appointment.id) == visit))
        .order_by(desc(Appointment.calendar_base))
        .limit(1)
    )
    return (await session.exec(rows)).one()


async def slots_of(session: AsyncSession, appointments: Iterable[UUID]) -> dict[UUID, list[Place]]:
    """The places of each appointment, in order of time."""
    found: dict[UUID, list[Place]] = defaultdict(list)
    ids = list(appointments)
    for appointment, *place in (await session.execute(_SLOTS_OF, {"ids": ids})).all():
        found[appointment].append(Place(*place))
    return found


async def of_citizen(
    session: AsyncSession, me: Person, *, before: UUID | None, limit: int
) -> Sequence[Appointment]:
    """What is their own, whoever booked it, of a party the first leg; newest first."""
    party = col(Appointment.party_id)
    rows = select(Appointment).where(
        owned_by(me, Appointment), or_(party.is_(None), party == col(Appointment.id))
    )
    if before is not None:
        rows = rows.where(col(Appointment.id) < before)
    return (await session.exec(rows.order_by(desc(Appointment.id)).limit(limit))).all()


async def of_hall(
    session: AsyncSession,
    hall: str,
    *,
    since: datetime | None,
    until: datetime | None,
    state: AppointmentState | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Appointment]:
    """A hall's appointments by time; of all days without `since` and `until`."""
    starts_at, key = col(Appointment.starts_at), col(Appointment.id)
    rows = select(Appointment).where(col(Appointment.hall_code) == hall)
    if since is not None and until is not None:
        rows = rows.where(starts_at >= since, starts_at < until)
    if state is not None:
        rows = rows.where(col(Appointment.state) == state)
    if after is not None:
        rows = rows.where(tuple_(starts_at, key) > tuple_(*after))
    return (await session.exec(rows.order_by(starts_at, key).limit(limit))).all()


async def ran_out(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """Holds that were not confirmed in time, some hundreds."""
    return (await session.execute(_RAN_OUT, {"now": now})).scalars().all()


async def expire(
    session: AsyncSession, ids: Sequence[UUID], now: datetime
) -> Sequence[Appointment]:
    """Ends those of the holds that ran out; skips those that somebody is confirming right now."""
    return await changed(session, _EXPIRE, ids=list(ids), now=now)


async def miss(session: AsyncSession, now: datetime) -> Sequence[Appointment]:
    """Marks who did not come within the time that the hall's policy gives; some are excused."""
    return await changed(session, _MISS, now=now)


async def no_shows(
    session: AsyncSession, person: Person, hall: str, since: datetime, until: datetime
) -> Sequence[Appointment]:
    """What the person had at this hall after `since` and was known by `until` not to come to.

    What was known first comes first.
    """
    values = {**person._asdict(), "hall": hall, "since": since, "until": until}
    return await changed(session, _NO_SHOWS, **values)


async def bars_already(session: AsyncSession, absent: Appointment) -> bool:
    """Whether missing another leg of the same visit has brought a penalty that stands."""
    rows = select(Penalty.id).join(Appointment, col(Appointment.id) == Penalty.appointment_id)
    rows = rows.where(Appointment.party_id == absent.party_id, col(Penalty.lifted_at).is_(None))
    return (await session.exec(rows.limit(1))).first() is not None


async def contacts(session: AsyncSession, keys: Iterable[str]) -> dict[str, Citizen]:
    """The sealed contacts of people without an account, by key."""
    people = await session.exec(select(Citizen).where(col(Citizen.key).in_(list(keys))))
    return {person.key: person for person in people}
