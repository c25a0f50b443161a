"""The working days that a service has stored: what it was told of each year's holiday notice."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.cache import Cache
from shared.database.engine import DirectPool, memory_of
from shared.database.rows import fetching
from shared.workdays import Workdays, official, year_days

CALENDARS_KEPT = 20

_ROWS = "SELECT day, is_workday FROM calendar_day WHERE region = $1 ORDER BY day"
_CONTENT = """
SELECT count(*), coalesce(sum(hashtextextended(day::text || is_workday::text, 5)), 0)
FROM calendar_day WHERE region = {region}
"""
_CONTENT_OF = _CONTENT.format(region="$1")
CONTENT = _CONTENT.format(region="'CN'")
"""By which `of_content` knows the calendar: for statements that ask for more than that."""
_UPSERT = text(
    "INSERT INTO calendar_day (region, day, is_workday, version, notice)"
    " SELECT CAST(:region AS text), day, is_workday, CAST(:version AS int), CAST(:notice AS text)"
    " FROM unnest(CAST(:days AS date[]), CAST(:works AS boolean[])) AS year (day, is_workday)"
    " ON CONFLICT (region, day) DO UPDATE SET is_workday = excluded.is_workday,"
    " version = excluded.version, notice = excluded.notice"
    " WHERE calendar_day.version < excluded.version"
)


class _Calendars(Cache[tuple[str, int, int], Workdays]):
    """Calendars by what they hold, so that a change is seen however it came about."""

    def __init__(self) -> None:
        super().__init__(most=CALENDARS_KEPT)


async def load(source: AsyncSession | DirectPool, region: str = "CN") -> Workdays:
    """The official calendar, overlaid with what this service's `calendar_day` holds."""
    [content] = await fetching(source)(_CONTENT_OF, region)
    return await of_content(source, content, region)


async def of_content(
    source: AsyncSession | DirectPool, content: Iterable[Any], region: str = "CN"
) -> Workdays:
    """The same by what `CONTENT` has found."""
    count, digest = content
    kept, key = memory_of(source, _Calendars), (region, int(count), int(digest))
    calendar = kept.peek(key)
    if calendar is None:
        rows = await fetching(source)(_ROWS, region)
        own = [(day, is_workday) for day, is_workday in rows]
        calendar = official().with_days(own) if own else official()
        kept.put(key, calendar)
    return calendar


async def learn(
    session: AsyncSession,
    *,
    region: str,
    year: int,
    version: int,
    notice: str,
    rest_days: Iterable[date],
    working_weekends: Iterable[date],
) -> bool:
    """Store a year's notice in this service's `calendar_day`.

    False if it changed nothing, because it or a later version is known already.
    """
    days, works = zip(*year_days(year, rest_days, working_weekends), strict=True)
    values = {"region": region, "version": version, "notice": notice}
    stored: Any = await session.execute(
        _UPSERT, values | {"days": list(days), "works": list(works)}
    )
    return bool(stored.rowcount)
