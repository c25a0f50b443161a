"""What people and other services' events do to supervision orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import Deadline, PolicyKind, SubjectKind
from services.feedback.supervision import queries, rules, statement
from services.feedback.supervision.contracts import DutyOverdue
from services.feedback.supervision.events import (
    MOST_EVIDENCE,
    ClosedBecause,
    SupervisionClosed,
    SupervisionIssued,
)
from services.feedback.supervision.models import (
    Cause,
    OrderStep,
    PublicationProof,
    SupervisionItem,
    SupervisionOrder,
    SupervisionStep,
)
from shared import clock
from shared.messaging import outbox
from shared.security.crypto import Keyring

SYSTEM = "system"
STEP_TEXT, DEMAND = "supervision_step.said", "supervision_order.demand"


class Issued(NamedTuple):
    """A new order, and the limit to acknowledge it."""

    order: SupervisionOrder
    limit: Deadline


async def demand_publication(session: AsyncSession, duty: DutyOverdue, now: datetime) -> None:
    """An overdue duty joins its department's bundle of the day; old news changes nothing."""
    await queries.take_turn(session, duty.duty_id)
    if not await queries.is_news(session, duty.duty_id, duty.judged_at):
        return
    order_id = await _bundle(session, duty, now)
    item = SupervisionItem(
        order_id=order_id,
        cause=Cause.DUTY,
        cause_id=duty.duty_id,
        judged_at=duty.judged_at,
        due_on=duty.due_on,
        project_code=duty.project_code or None,
        project_name=duty.project_name,
        item_code=duty.item_code,
        item_name=duty.item_name,
    )
    await statement.add_items(session, [item])


async def _bundle(session: AsyncSession, duty: DutyOverdue, now: datetime) -> UUID:
    wanted = rules.new_order(
        Cause.DUTY,
        duty.unit_code,
        level=1,
        day=clock.today(duty.judged_at),
        now=now,
        bundled=True,
    )
    [bundle] = await queries.open_bundles(session, [wanted])
    if bundle.is_new:
        await begin(session, [wanted], by=SYSTEM, now=now)
    return bundle.order_id


async def accept_proof(session: AsyncSession, proof: PublicationProof, now: datetime) -> None:
    """A duty was found published: its item is settled, and an order without items left closes."""
    await queries.take_turn(session, proof.duty_id)
    await queries.keep_proof(session, proof)
    concerned = await queries.orders_of_cause(session, Cause.DUTY, proof.duty_id)
    await queries.lock_orders(session, concerned)
    by = queries.SettledBy(proof.event_id, proof.url, proof.told_at)
    settled = await queries.settle(session, Cause.DUTY, proof.duty_id, by, now)
    await close_settled(session, settled, now)


async def close_settled(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> int:
    """Close those of the orders, locked before, in which nothing stands; returns how many."""
    closed = await queries.close_settled(session, ids, now)
    if not closed:
        return 0
    proven = rules.evidence_of(await queries.evidence_of(session, [o.id for o in closed]))
    await deadlines.cancel_many(
        session, SubjectKind.SUPERVISION_ORDER, [o.id for o in closed], by=SYSTEM, now=now
    )
    await publish_end(session, closed, ClosedBecause.CAUSE_GONE, proven, now)
    await note(session, closed, OrderStep.CLOSED, by=SYSTEM, now=now)
    return len(closed)


async def issue(
    session: AsyncSession,
    cause: Cause,
    department_code: str,
    *,
    level: int,
    by: str,
    now: datetime,
    cause_id: UUID | None = None,
    demand: str | None = None,
    keyring: Keyring | None = None,
) -> Issued:
    """A single order, about one cause or about what a person demands in words."""
    order = rules.new_order(
        cause, department_code, level=level, day=clock.today(now), now=now, bundled=False
    )
    if demand is not None and keyring is not None:
        order.demand_sealed = keyring.seal(demand, where=DEMAND, row=str(order.id))
    await queries.add(session, order)
    if cause_id is not None:
        item = SupervisionItem(order_id=order.id, cause=cause, cause_id=cause_id, judged_at=now)
        await statement.add_items(session, [item])
    [limit] = await begin(session, [order], by=by, now=now)
    return Issued(order, limit)


async def begin(
    session: AsyncSession, orders: Sequence[SupervisionOrder], *, by: str, now: datetime
) -> Sequence[Deadline]:
    """What every issued order gets: a first step, a clock to acknowledge it, an event."""
    await note(session, orders, OrderStep.ISSUED, by=by, now=now)
    clocks = await start_acknowledgement(session, orders, by=by, now=now)
    events = [
        SupervisionIssued(
            order_id=order.id,
            number=order.number,
            department_code=order.department_code,
            cause=order.cause,
            level=order.level,
            issued_at=now,
        )
        for order in orders
    ]
    await outbox.record_many(
        session, [outbox.Addressed(e, e.department_code, str(e.order_id)) for e in events]
    )
    return clocks


async def start_acknowledgement(
    session: AsyncSession, orders: Sequence[SupervisionOrder], *, by: str, now: datetime
) -> Sequence[Deadline]:
    """One clock for each order to be acknowledged by its department."""
    return await deadlines.start_many(
        session,
        SubjectKind.SUPERVISION_ORDER,
        [(order.id, order.department_code) for order in orders],
        PolicyKind.ORDER_ACKNOWLEDGE,
        by=by,
        now=now,
    )


async def note(
    session: AsyncSession,
    orders: Sequence[SupervisionOrder],
    step: OrderStep,
    *,
    by: str,
    now: datetime,
    words: str | None = None,
    keyring: Keyring | None = None,
) -> None:
    """Append a step to the orders' history, with what was written sealed."""
    steps = [
        SupervisionStep(
            order_id=order.id, step=step, state=order.state, level=order.level, at=now, by=by
        )
        for order in orders
    ]
    if words is not None and keyring is not None:
        for noted in steps:
            noted.said_sealed = keyring.seal(words, where=STEP_TEXT, row=str(noted.id))
    await statement.add_steps(session, steps)


async def publish_end(
    session: AsyncSession,
    orders: Sequence[SupervisionOrder],
    because: ClosedBecause,
    proven: dict[UUID, list[UUID]],
    now: datetime,
) -> None:
    """Publish that these orders ended; by order, the events that proved their causes gone."""
    events = [
        SupervisionClosed(
            order_id=order.id,
            number=order.number,
            department_code=order.department_code,
            because=because,
            evidence_event_ids=proven.get(order.id, [])[:MOST_EVIDENCE],
            evidence_count=len(proven.get(order.id, [])),
            at=now,
        )
        for order in orders
    ]
    await outbox.record_many(
        session, [outbox.Addressed(e, e.department_code, str(e.order_id)) for e in events]
    )
