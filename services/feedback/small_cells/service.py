"""The figures of a month, counted when they are first asked for, and the same ever after."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.small_cells import queries
from services.feedback.small_cells.models import PublicFigures, Topic

Count = Callable[[AsyncSession, date, datetime], Awaitable[dict[str, Any]]]


async def of_month(
    session: AsyncSession, topic: Topic, month: date, count: Count, now: datetime
) -> PublicFigures:
    """The figures that everybody is shown of a month that is over. Counted a second time they would
    differ by whatever happened since, and the difference might be one person's.
    """
    found = await queries.of_month(session, topic, month)
    if found is None:
        figures = await count(session, month, now)
        counted = PublicFigures(topic=topic, month=month, figures=figures, counted_at=now)
        await queries.keep(session, counted)
        found = await queries.of_month(session, topic, month)
    assert found is not None  # kept just now, by this request or by another
    return found
