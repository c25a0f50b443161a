"""When a window is expected for what none serves now."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.estimates import queries
from services.appointments.schedules import openings
from shared.cache import Cache
from shared.database.engine import memory_of

KEPT = timedelta(seconds=30)
"""Everybody who waits for an opening asks again and again."""


class _Expected(Cache[tuple[str, tuple[str, ...]], tuple[datetime, datetime | None]]):
    """Per hall and items: when it was looked up, and when a window is expected."""

    def __init__(self) -> None:
        super().__init__(most=2000)


async def expected(
    session: AsyncSession, hall_code: str, items: tuple[str, ...], now: datetime
) -> datetime | None:
    """The hall's next opening, or the next time that it sells for the items, whichever is first.

    In the hall's zone. None where neither is known: then nobody can say.
    """
    known = memory_of(session, _Expected)
    kept = known.peek((hall_code, items))
    if kept is not None and timedelta() <= now - kept[0] < KEPT:
        return kept[1]
    hall = await directory.get_hall(session, hall_code)
    opens = (await openings.of_hall(session, hall, now)).next_opening(now)
    sold = await queries.next_on_sale(session, hall_code, list(items), now)
    found = min((each for each in (opens, sold) if each is not None), default=None)
    local = found and found.astimezone(ZoneInfo(hall.timezone))
    known.put((hall_code, items), (now, local))
    return local
