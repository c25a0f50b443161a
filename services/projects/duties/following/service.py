"""A duty that goes with another begins on the day that one is published (谁起草谁解读).

The day is the one that its page or its owner claims, unless something contradicts it, else the one
on which it was seen first. Until then it begins on the day of its own event, if that is known. What
was there itself before that day has a beginning that nobody knows: that is for a person, and blames
nobody (`rules.Evidence.day`).
"""

import json
from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.calendar import service as calendars
from services.projects.duties import observing, queries
from services.projects.duties.following.statement import FOLLOWERS, PUT_CLOCK
from services.projects.duties.making import dated

ACTOR = "followed-duty"
A_TURN = 200


async def follow(session: AsyncSession, now: datetime) -> int:
    """Date those duties anew whose leaders were published, or otherwise; returns how many."""
    if not await _begun(session, 1):
        return 0
    await auditing.take_turn(session)
    begun = await _begun(session, A_TURN)
    calendar = await calendars.load(session)
    duties = await queries.duties(session, list(begun))
    for duty in duties:
        columns = dated(duty, begun[duty.id], calendar)
        for name, value in columns.items():
            setattr(duty, name, value)
        ends = None if columns["ends"] is None else json.dumps(columns["ends"])
        await session.execute(PUT_CLOCK, {**columns, "ends": ends, "id": duty.id})
    await observing.derive(session, duties, now, actor=ACTOR)
    await auditing.judge_duties(session, list(begun), now, actor=ACTOR)
    return len(begun)


async def _begun(session: AsyncSession, limit: int) -> dict[UUID, date | None]:
    """Some duties that begin on another day than they are dated, with that day."""
    found = await session.execute(FOLLOWERS, {"limit": limit})
    return {row.id: row.begins_on for row in found}
