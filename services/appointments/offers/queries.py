"""The SQL of the waitlist and its offers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.models import AppointmentState
from services.appointments.booking.rules import BarringPenalty
from services.appointments.booking.workflow import HOLDING, LIVE
from services.appointments.people.ownership import owned_by
from services.appointments.people.rules import Person, same_person, turns_of
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot, SlotFacts
from services.appointments.waitlist.models import WaitlistEntry, WaitlistState
from services.appointments.waitlist.rules import LIVE as WAITING_OR_OFFERED
from services.appointments.waitlist.rules import WAITING, fits
from services.appointments.waitlist.workflow import WORKFLOW, WaitlistAction
from shared.database.engine import DirectPool
from shared.database.rows import columns, loaded, rest
from shared.database.transitions import listed, sources

_OFFERED = sources([WORKFLOW[WaitlistState.OFFERED, WaitlistAction.ACCEPT]])
_GIVEN_UP = listed([AppointmentState.CANCELLED])

# The turns are of one moment with what the person waits for, so that two requests meet there.
_JOINING = f"""
SELECT w.citizen_key, w.document, w.phone, (SELECT timezone FROM hall WHERE code = $4),
  {turns_of("w")}, ARRAY(
    SELECT ROW(e.id, e.citizen_key = w.citizen_key OR e.person_document = w.document)
    FROM waitlist_entry e WHERE {same_person("e", "w")} AND e.hall_code = $4 AND e.item_code = $5
      AND e.state IN ({WAITING_OR_OFFERED})
  ), ARRAY(
    SELECT ROW(p.id, p.hall_code, p.citizen_key, p.person_document, p.person_phone, p.blocked_until)
    FROM penalty p WHERE {same_person("p", "w", apart=True)} AND p.hall_code = $4
      AND p.blocked_until > $6 AND p.lifted_at IS NULL ORDER BY p.blocked_until DESC LIMIT 1
  )
FROM (
  SELECT $1::text AS citizen_key, coalesce($2::text, v.document) AS document,
    coalesce($3::text, v.phone) AS phone
  FROM (SELECT 1) AS one LEFT JOIN verified_account v ON v.citizen_key = $1
) w
"""
# Who comes first is whoever joined first, of those who could have the place: they waited when it
# was given back, were not offered its time before nor gave it up, and have nothing against it.
_IN_LINE = text(f"""
SELECT {columns(WaitlistEntry, "e")}, array_agg(DISTINCT s.id)
FROM returning_place r
JOIN slot s ON s.id = r.slot_id AND s.state = 'open' AND s.closes_at > :now
JOIN hall h ON h.code = s.hall_code
JOIN waitlist_entry e ON e.state IN ({WAITING}) AND {fits("e", "s", "h")}
CROSS JOIN LATERAL (
  SELECT e.citizen_key, e.person_document AS document, e.person_phone AS phone
) w
WHERE (r.returned_at IS NULL OR r.returned_at >= e.joined_at)
  AND (e.passed_over_at IS NULL
    OR e.passed_over_at < CAST(:now AS timestamptz) - interval '1 minute')
  AND NOT EXISTS (
    SELECT FROM appointment x LEFT JOIN waitlist_offer o ON o.appointment_id = x.id
    WHERE {same_person("x", "w")} AND (
      (x.starts_at < s.starts_at + make_interval(mins => s.minutes)
        AND s.starts_at < x.starts_at + make_interval(mins => x.minutes)
        AND (o.appointment_id IS NOT NULL OR x.state IN ({listed(HOLDING)}, {_GIVEN_UP})))
      OR (x.item_code = e.item_code AND x.on_date = s.on_date AND x.state IN ({listed(LIVE)}))
    )
  )
GROUP BY e.id ORDER BY e.joined_at, e.id LIMIT 20
""")
_LOCK = text(f"""
SELECT 1 FROM waitlist_entry WHERE id = :id AND version = :version AND state IN ({WAITING})
FOR UPDATE SKIP LOCKED
""")
_ROOM = text("""
SELECT s.id, s.hall_code, s.rule_code, s.rule_version, s.pool, s.item_codes, s.on_date,
  s.starts_at, s.minutes, s.capacity, s.booked + s.kept_back - (
    SELECT count(*) FROM returning_place r
    WHERE r.slot_id = s.id AND (r.returned_at IS NULL OR r.returned_at >= :since)
  )
FROM slot s WHERE s.hall_code = :hall AND s.pool = :pool AND s.state = 'open'
  AND s.closes_at > :now AND :item = ANY(s.item_codes)
  AND s.on_date IN (SELECT on_date FROM slot WHERE id = ANY(:slots))
ORDER BY s.starts_at, s.id
""")
_PASS_OVER = text("UPDATE waitlist_entry SET passed_over_at = :now WHERE id = ANY(:ids)")
_ANSWERED = text(f"""
SELECT {columns(WaitlistEntry, "e")}, a.state, a.version, a.expires_at
FROM waitlist_entry e JOIN appointment a ON a.id = e.appointment_id
WHERE e.state IN ({_OFFERED}) AND a.expires_at IS NULL
ORDER BY e.id LIMIT :most FOR UPDATE OF e SKIP LOCKED
""")
_OVER = text(f"""
SELECT e.* FROM waitlist_entry e JOIN hall h ON h.code = e.hall_code
WHERE e.state IN ({WAITING})
  AND e.last_on < (CAST(:now AS timestamptz) AT TIME ZONE h.timezone)::date
ORDER BY e.id LIMIT :most FOR UPDATE OF e SKIP LOCKED
""")
_BESIDE = text(f"""
SELECT e.id, a.state, a.version, a.expires_at, a.code, a.starts_at, a.minutes, (
  SELECT count(*) FROM waitlist_entry b WHERE b.state IN ({WAITING})
    AND b.hall_code = e.hall_code AND b.item_code = e.item_code AND b.pool = e.pool
    AND (b.joined_at, b.id) < (e.joined_at, e.id)
    AND b.first_on <= e.last_on AND e.first_on <= b.last_on
)
FROM waitlist_entry e LEFT JOIN appointment a ON a.id = e.appointment_id WHERE e.id = ANY(:ids)
""")


class Joining(NamedTuple):
    """What somebody who would wait is known by, and what stands against it."""

    person: Person
    timezone: str | None
    turns: dict[str, int]
    waiting: UUID | None
    """Their place in line."""
    is_own: bool
    penalty: BarringPenalty | None


class Beside(NamedTuple):
    """The appointment of an entry's last offer, and how many are ahead of it."""

    state: AppointmentState | None
    version: int
    expires_at: datetime | None
    code: str
    starts_at: datetime
    minutes: int
    ahead: int


class Answered(NamedTuple):
    """An entry whose offer is over, and how the appointment stands."""

    entry: WaitlistEntry
    state: AppointmentState
    version: int
    expires_at: datetime | None


async def joining(
    direct: DirectPool, person: Person, hall: str, item: str, now: datetime
) -> Joining:
    """All of one moment."""
    [row] = await direct.fetch(_JOINING, *person, hall, item, now)
    key, document, phone, timezone, turns, waiting, penalties = row
    mine = tuple(waiting[0]) if waiting else (None, False)
    barring = BarringPenalty(*penalties[0]) if penalties else None
    who = Person(key, document, phone)
    return Joining(who, timezone, dict(map(tuple, turns)), mine[0], bool(mine[1]), barring)


async def in_line(session: AsyncSession, now: datetime) -> list[tuple[WaitlistEntry, list[UUID]]]:
    """Those who wait for what was given back, first who is first, with the slots of it."""
    found = (await session.execute(_IN_LINE, {"now": now})).all()
    return [(loaded(WaitlistEntry, row), rest(WaitlistEntry, row)[0]) for row in found]


async def lock(session: AsyncSession, entry: WaitlistEntry) -> bool:
    """Holds it until the transaction ends, if it still waits and nobody else is at it."""
    found = await session.execute(_LOCK, {"id": entry.id, "version": entry.version})
    return found.one_or_none() is not None


async def room_for(
    session: AsyncSession, entry: WaitlistEntry, slots: Sequence[UUID], now: datetime
) -> list[tuple[SlotFacts, OpenSlot]]:
    """The slots of the days of `slots`, with the room that there is for the entry."""
    values = {
        "since": entry.joined_at,
        "hall": entry.hall_code,
        "pool": entry.pool.value,
        "item": entry.item_code,
        "slots": list(slots),
        "now": now,
    }
    found = []
    for row in (await session.execute(_ROOM, values)).all():
        key, hall, rule, number, pool, items, day, starts_at, minutes, capacity, taken = row
        facts = SlotFacts(
            key, hall, rule, number, Pool(pool), frozenset(items), day, starts_at, minutes
        )
        room = OpenSlot(
            key, rule, facts.pool, day, starts_at, minutes, capacity, taken, facts.item_codes
        )
        found.append((facts, room))
    return found


async def pass_over(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> None:
    """They are not asked again for a while."""
    if ids:
        await session.execute(_PASS_OVER, {"ids": list(ids), "now": now})


async def answered(session: AsyncSession, most: int) -> list[Answered]:
    """Entries whose offers are over, held until the transaction ends."""
    rows = (await session.execute(_ANSWERED, {"most": most})).all()
    found = []
    for row in rows:
        state, version, expires_at = rest(WaitlistEntry, row)
        entry = loaded(WaitlistEntry, row)
        found.append(Answered(entry, AppointmentState(state), version, expires_at))
    return found


async def over(session: AsyncSession, now: datetime, most: int) -> Sequence[WaitlistEntry]:
    """Entries that wait for days that are past, held until the transaction ends."""
    rows = select(WaitlistEntry).from_statement(_OVER)
    return (await session.scalars(rows, {"now": now, "most": most})).all()


async def find(session: AsyncSession, key: UUID) -> WaitlistEntry | None:
    """The entry with that id."""
    return (await session.exec(select(WaitlistEntry).where(WaitlistEntry.id == key))).one_or_none()


async def listed_of(
    session: AsyncSession,
    *,
    hall: str | None,
    me: Person | None,
    state: WaitlistState | None,
    before: UUID | None,
    limit: int,
) -> Sequence[WaitlistEntry]:
    """Those of a hall, or of a person; newest first."""
    rows = select(WaitlistEntry).order_by(desc(WaitlistEntry.id)).limit(limit)
    if hall is not None:
        rows = rows.where(col(WaitlistEntry.hall_code) == hall)
    if me is not None:
        rows = rows.where(owned_by(me, WaitlistEntry))
    if state is not None:
        rows = rows.where(col(WaitlistEntry.state) == state)
    if before is not None:
        rows = rows.where(col(WaitlistEntry.id) < before)
    return (await session.exec(rows)).all()


async def beside(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Beside]:
    """What else is shown of each entry."""
    rows = (await session.execute(_BESIDE, {"ids": list(ids)})).all()
    return {
        key: Beside(None if state is None else AppointmentState(state), *others)
        for key, state, *others in rows
    }
