"""The SQL of schedule rules and closures."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, text, tuple_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.workflow import PROMISED
from services.appointments.schedules.models import Closure, ScheduleException, ScheduleRule
from services.appointments.schedules.rules import Promised
from shared.database.transitions import listed

_PROMISED = text(f"""
SELECT s.rule_code, s.pool, s.starts_at, a.item_code, count(*)
FROM slot s JOIN appointment_slot x ON x.slot_id = s.id
JOIN appointment a ON a.id = x.appointment_id
WHERE s.hall_code = :hall AND s.state <> 'withdrawn'
  AND s.starts_at > :now AND s.starts_at < :until AND a.state IN ({listed(PROMISED)})
GROUP BY s.rule_code, s.pool, s.starts_at, a.item_code
""")


async def in_force(
    session: AsyncSession, hall: str, after: str | None = None, limit: int | None = None
) -> Sequence[ScheduleRule]:
    """The hall's rules by code: all, or so many after one."""
    mine = select(ScheduleRule).where(
        col(ScheduleRule.hall_code) == hall, col(ScheduleRule.retired_at).is_(None)
    )
    if after is not None:
        mine = mine.where(col(ScheduleRule.code) > after)
    return (await session.exec(mine.order_by(col(ScheduleRule.code)).limit(limit))).all()


async def last_versions(session: AsyncSession, hall: str) -> dict[str, int]:
    """The highest version that each rule code of the hall ever had."""
    rows = await session.exec(
        select(ScheduleRule.code, func.max(col(ScheduleRule.version)))
        .where(col(ScheduleRule.hall_code) == hall)
        .group_by(col(ScheduleRule.code))
    )
    return dict(rows.all())


async def retire(session: AsyncSession, hall: str, codes: Iterable[str], now: datetime) -> None:
    await session.execute(
        update(ScheduleRule)
        .where(
            col(ScheduleRule.hall_code) == hall,
            col(ScheduleRule.code).in_(list(codes)),
            col(ScheduleRule.retired_at).is_(None),
        )
        .values(retired_at=now)
        .execution_options(synchronize_session=False)
    )


async def halls_with_rules(session: AsyncSession) -> Sequence[str]:
    """Codes of the halls that make slots."""
    codes = select(col(ScheduleRule.hall_code)).where(col(ScheduleRule.retired_at).is_(None))
    return (await session.exec(codes.distinct().order_by(col(ScheduleRule.hall_code)))).all()


async def halls_planning(session: AsyncSession, items: Sequence[str]) -> Sequence[str]:
    """Codes of the halls with a rule for one of the items, in their order."""
    codes = select(col(ScheduleRule.hall_code)).where(
        col(ScheduleRule.retired_at).is_(None),
        col(ScheduleRule.item_codes).bool_op("&&")(list(items)),
    )
    return (await session.exec(codes.distinct().order_by(col(ScheduleRule.hall_code)))).all()


async def closures(session: AsyncSession, hall: str, now: datetime) -> Sequence[Closure]:
    """The hall's closures in force that are not over."""
    mine = select(Closure).where(
        col(Closure.hall_code) == hall,
        col(Closure.ends_at) > now,
        col(Closure.lifted_at).is_(None),
    )
    return (await session.exec(mine.order_by(col(Closure.starts_at)))).all()


async def schedule_exceptions(
    session: AsyncSession, hall: str, now: datetime
) -> Sequence[ScheduleException]:
    """The hall's exceptions in force that are not over, in the order in which they were made."""
    mine = select(ScheduleException).where(
        col(ScheduleException.hall_code) == hall,
        col(ScheduleException.last_on) >= (now - timedelta(days=1)).date(),
        col(ScheduleException.lifted_at).is_(None),
    )
    rows = await session.exec(
        mine.order_by(col(ScheduleException.created_at), col(ScheduleException.id))
    )
    return rows.all()


async def closures_between(
    session: AsyncSession,
    hall: str,
    *,
    since: datetime,
    until: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Closure]:
    """The hall's closures in force that touch the time, by their start."""
    starts_at, key = col(Closure.starts_at), col(Closure.id)
    rows = select(Closure).where(
        col(Closure.hall_code) == hall,
        col(Closure.lifted_at).is_(None),
        col(Closure.ends_at) > since,
    )
    if until is not None:
        rows = rows.where(starts_at < until)
    if after is not None:
        rows = rows.where(tuple_(starts_at, key) > tuple_(*after))
    return (await session.exec(rows.order_by(starts_at, key).limit(limit))).all()


async def schedule_exception(session: AsyncSession, key: UUID) -> ScheduleException | None:
    return await session.get(ScheduleException, key)


async def exceptions_between(
    session: AsyncSession,
    hall: str,
    *,
    first: date,
    last: date | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[ScheduleException]:
    """The hall's exceptions in force of those days, by their first day."""
    begins, key = col(ScheduleException.first_on), col(ScheduleException.id)
    rows = select(ScheduleException).where(
        col(ScheduleException.hall_code) == hall,
        col(ScheduleException.lifted_at).is_(None),
        col(ScheduleException.last_on) >= first,
    )
    if last is not None:
        rows = rows.where(begins <= last)
    if after is not None:
        rows = rows.where(tuple_(begins, key) > tuple_(*after))
    return (await session.exec(rows.order_by(begins, key).limit(limit))).all()


async def closure(session: AsyncSession, key: UUID) -> Closure | None:
    return await session.get(Closure, key)


async def promised(session: AsyncSession, hall: str, now: datetime, until: datetime) -> Promised:
    """What the hall's slots that begin before then are promised for; a hold is no promise yet."""
    found: dict[tuple[str, str, datetime], dict[str, int]] = defaultdict(dict)
    asked = {"hall": hall, "now": now, "until": until}
    for rule, pool, starts_at, item, places in await session.execute(_PROMISED, asked):
        found[rule, pool, starts_at][item] = places
    return found
