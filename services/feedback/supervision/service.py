"""What people and other services' events do to supervision orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import rules as limits
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import NO_DEPARTMENT, PolicyKind, SubjectKind
from services.feedback.deadlines.service import Subject
from services.feedback.departments import service as departments
from services.feedback.supervision import queries, rules, visibility, workflow
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
from services.feedback.supervision.schemas import IssueOrder
from services.feedback.supervision.workflow import OrderAction
from shared import clock
from shared.database import versioned
from shared.errors import Invalid, Text
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions

SYSTEM = "system"
STEP_TEXT, DEMAND = "supervision_step.said", "supervision_order.demand"


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
        project_code=duty.project_code,
        project_name=duty.project_name,
        item_code=duty.item_code,
        item_name=duty.item_name,
    )
    await queries.add_items(session, [item])


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
    await close_settled(session, await queries.settle_published(session, proof, now), now)


async def close_settled(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> int:
    """Close those of the orders, locked before, in which nothing stands; returns how many."""
    closed = await queries.close_settled(session, ids, now)
    if not closed:
        return 0
    proven = rules.evidence_of(await queries.evidence_of(session, [o.id for o in closed]))
    await _end(session, closed, ClosedBecause.CAUSE_GONE, proven, by=SYSTEM, now=now)
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
) -> SupervisionOrder:
    """A single order, about one cause or about what a person demands in words."""
    order = rules.new_order(
        cause, department_code, level=level, day=clock.today(now), now=now, bundled=False
    )
    if demand is not None and keyring is not None:
        order.demand_sealed = keyring.seal(demand, where=DEMAND, row=str(order.id))
    await queries.add(session, order)
    if cause_id is not None:
        item = SupervisionItem(order_id=order.id, cause=cause, cause_id=cause_id, judged_at=now)
        await queries.add_items(session, [item])
    await begin(session, [order], by=by, now=now)
    return order


async def issue_demand(
    session: AsyncSession, wanted: IssueOrder, *, caller: Caller, keyring: Keyring, now: datetime
) -> SupervisionOrder:
    """An order that a supervisor issues in words. Raises Invalid for an unknown department."""
    if not await departments.of_codes(session, [wanted.department_code]):
        raise Invalid(
            Text(
                "没有这个部门；请从部门名录中选",
                "There is no such department; please choose from the list of departments",
            ),
            pointer="/body/department_code",
        )
    return await issue(
        session,
        Cause.OTHER,
        wanted.department_code,
        level=wanted.level,
        by=caller.sub,
        now=now,
        demand=wanted.demand,
        keyring=keyring,
    )


async def act(
    session: AsyncSession,
    order_id: UUID,
    action: OrderAction,
    *,
    words: str | None,
    expected: int | None,
    caller: Caller,
    keyring: Keyring,
    now: datetime,
    reason: str | None = None,
) -> SupervisionOrder:
    """The order after a step of its state table; `reason` is why it ends although items stand.

    Raises NotFound, StateConflict, Forbidden or ItemsStand.
    """
    # Who names no version wants the order as it is after whatever is just being done to it.
    found = await queries.get(session, order_id, locked=expected is None)
    order = await visibility.ensure_seen(session, found, caller)
    versions.ensure(expected, version=order.version, state=order.state)
    move = workflow.WORKFLOW.take(order.state, order.version, action, caller.roles)
    # The swap locks the row until the commit: of two that saw one version the second is told what
    # the first made of the order, and no item joins it while it ends.
    changes: dict[str, Any] = {"state": move.to}
    if not move.keeps_bundle:
        changes["bundle_key"] = None
    if move.settles:
        changes["ended_at"] = now
    order = await versioned.swap(session, order, changes)
    await _run_clocks(session, order, move, by=caller.sub, now=now)
    if move.settles:
        await _accept(session, order, reason, by=caller.sub, now=now)
    said = "\n".join(filter(None, (words, reason))) or None
    await note(session, [order], move.step, by=caller.sub, now=now, words=said, keyring=keyring)
    return order


async def _run_clocks(
    session: AsyncSession,
    order: SupervisionOrder,
    move: workflow.OrderMove,
    *,
    by: str,
    now: datetime,
) -> None:
    subject = Subject(SubjectKind.SUPERVISION_ORDER, order.id)
    if move.meets is not None:
        await deadlines.meet(session, subject, move.meets, by=by, now=now)
    if move.starts is not None:
        office = move.starts in limits.OFFICE_CLOCKS
        owner = NO_DEPARTMENT if office else order.department_code
        await deadlines.start(session, subject, move.starts, department_code=owner, by=by, now=now)


async def _accept(
    session: AsyncSession, order: SupervisionOrder, reason: str | None, *, by: str, now: datetime
) -> None:
    standing = await queries.settle_order(session, order.id, now)
    # A bad rating is answered, and does not go away.
    rules.ensure_done([item for item in standing if item.cause is not Cause.RATING], reason)
    await _end(session, [order], ClosedBecause.ANSWER_ACCEPTED, {}, by=by, now=now)


async def begin(
    session: AsyncSession, orders: Sequence[SupervisionOrder], *, by: str, now: datetime
) -> None:
    """What every issued order gets: a first step, a clock to acknowledge it, an event."""
    await note(session, orders, OrderStep.ISSUED, by=by, now=now)
    await start_acknowledgement(session, orders, by=by, now=now)
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


async def start_acknowledgement(
    session: AsyncSession, orders: Sequence[SupervisionOrder], *, by: str, now: datetime
) -> None:
    """One clock for each order to be acknowledged by its department."""
    await deadlines.start_many(
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
    await queries.add_steps(session, steps)


async def _end(
    session: AsyncSession,
    orders: Sequence[SupervisionOrder],
    because: ClosedBecause,
    proven: dict[UUID, list[UUID]],
    *,
    by: str,
    now: datetime,
) -> None:
    ids = [order.id for order in orders]
    await deadlines.cancel_many(session, SubjectKind.SUPERVISION_ORDER, ids, by=by, now=now)
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
