"""The one place that asks what time it is. Aware UTC inside, Asia/Shanghai at the edge."""

from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware UTC."""
    return datetime.now(UTC)


async def present() -> datetime:
    """`now` as a dependency, which tests override.

    A coroutine, like every dependency of the house: FastAPI sends plain functions to a thread,
    and a hop to a thread and back costs more than the rest of a fast request.
    """
    return now()


Now = Annotated[datetime, Depends(present)]


def today(moment: datetime) -> date:
    """The calendar day in Asia/Shanghai on which `moment` falls."""
    return moment.astimezone(SHANGHAI).date()


def day_start(day: date) -> datetime:
    """00:00 of `day` in Asia/Shanghai, as aware UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
