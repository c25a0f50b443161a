"""An order to put a disclosure right that its unit left alone is supervised, once.

It comes as an item of an order by itself, which closes when the unit's order has ended; it names
that order by its number.
"""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.supervision import queries, rules, service, statement
from services.feedback.supervision.contracts import RectificationEscalated
from services.feedback.supervision.models import Cause, EndedRectification, SupervisionItem
from shared import clock

LEVEL = 2
"""The unit was warned on every level of its own order before."""


async def demand(session: AsyncSession, escalated: RectificationEscalated, now: datetime) -> None:
    """A supervision order about it, unless there was one or it has ended."""
    await queries.take_turn(session, escalated.rectification_id)
    if not await queries.is_unsupervised(session, escalated.rectification_id):
        return
    order = rules.new_order(
        # Until each release can read a cause of its own (decision 048).
        Cause.OTHER,
        escalated.unit_code,
        level=LEVEL,
        day=clock.today(escalated.at),
        now=now,
        bundled=False,
    )
    await queries.add(session, order)
    item = SupervisionItem(
        order_id=order.id,
        cause=Cause.OTHER,
        cause_id=escalated.rectification_id,
        judged_at=escalated.at,
        due_on=escalated.due_on,
        project_code=escalated.project_code,
        project_name=escalated.project_name,
        item_code=escalated.item_code,
        item_name=f"{escalated.item_name}（{escalated.number}）",
    )
    await statement.add_items(session, [item])
    await service.begin(session, [order], by=service.SYSTEM, now=now)


async def end(
    session: AsyncSession, ended: EndedRectification, url: str | None, now: datetime
) -> None:
    """It has ended: what supervises it is settled, and closes. One whose proof was taken back goes
    on, and may end once more."""
    await queries.take_turn(session, ended.rectification_id)
    await session.merge(ended)
    cause_id = ended.rectification_id
    concerned = await queries.orders_of_cause(session, Cause.OTHER, cause_id)
    await queries.lock_orders(session, concerned)
    by = queries.SettledBy(ended.event_id, url, ended.ended_at)
    settled = await queries.settle(session, Cause.OTHER, cause_id, by, now)
    await service.close_settled(session, settled, now)
