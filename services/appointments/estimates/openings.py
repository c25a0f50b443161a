"""When a window is expected for what none serves now."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.directory.openings import Openings
from services.appointments.estimates import queries
from services.appointments.schedules import openings
from shared.cache import Cache
from shared.database.engine import DirectPool, memory_of
from shared.database.rows import fetching

Source = AsyncSession | DirectPool
Hours = Callable[[], Awaitable[Openings]]
"""Asked only where no open window serves what somebody waits for."""
KEPT = timedelta(seconds=30)
"""Everybody who waits for an opening asks again and again."""


class _Expected(Cache[tuple[str, tuple[str, ...]], tuple[datetime, datetime | None]]):
    """Per hall and items: when it was looked up, and when a window is expected."""

    def __init__(self) -> None:
        super().__init__(most=2000)


async def expected(
    source: Source, hall_code: str, items: tuple[str, ...], now: datetime, hours: Hours
) -> datetime | None:
    """The hall's next opening, or the next time that it sells for the items, whichever is first.

    In the hall's zone. None where neither is known: then nobody can say.
    """
    known = memory_of(source, _Expected)
    kept = known.peek((hall_code, items))
    if kept is not None and timedelta() <= now - kept[0] < KEPT:
        return kept[1]
    opened = await hours()
    sold = await queries.next_on_sale(fetching(source), hall_code, list(items), now)
    opens = opened.next_opening(now)
    found = min((each for each in (opens, sold) if each is not None), default=None)
    local = found and found.astimezone(opened.zone)
    known.put((hall_code, items), (now, local))
    return local


async def hours_of(session: AsyncSession, hall_code: str, now: datetime) -> Openings:
    """The hours of the hall from now on."""
    return await openings.of_hall(session, await directory.get_hall(session, hall_code), now)
