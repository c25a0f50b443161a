"""What who would wait very long may do instead: another hall, or another hour."""

from datetime import datetime, timedelta

from services.appointments.estimates import queries
from services.appointments.estimates.openings import Hours, Source
from services.appointments.estimates.schemas import LONG_WAIT_MINUTES, Alternatives
from shared.cache import Cache
from shared.database.engine import memory_of
from shared.database.rows import fetching

SHORT_MINUTES = LONG_WAIT_MINUTES // 2
"""Nobody is sent across the city to wait nearly as long there."""
KEPT = timedelta(seconds=30)
"""Everybody in a crowd asks again and again."""


class _Advised(Cache[tuple[str, tuple[str, ...]], tuple[datetime, Alternatives]]):
    """Per hall and items: when it was looked up, and what was found."""

    def __init__(self) -> None:
        super().__init__(most=2000)


async def alternatives(
    source: Source, hall_code: str, items: tuple[str, ...], now: datetime, hours: Hours
) -> Alternatives:
    """The nearest hall where it goes quickly, and the next free time in this one."""
    known = memory_of(source, _Advised)
    kept = known.peek((hall_code, items))
    if kept is not None and timedelta() <= now - kept[0] < KEPT:
        return kept[1]
    fetch, wanted = fetching(source), list(items)
    elsewhere = await queries.shorter_wait(fetch, hall_code, wanted, SHORT_MINUTES)
    free = await queries.next_free(fetch, hall_code, wanted, now)
    local = free and free.astimezone((await hours()).zone)
    found = Alternatives(elsewhere, local)
    known.put((hall_code, items), (now, found))
    return found
