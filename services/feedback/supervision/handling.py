"""What people do to orders: they demand something, and take the steps of the table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.feedback.deadlines import rules as limits
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import NO_DEPARTMENT, Deadline, SubjectKind
from services.feedback.deadlines.service import ClockSet, Subject
from services.feedback.departments import service as departments
from services.feedback.supervision import queries, rules, service, statement, visibility, workflow
from services.feedback.supervision.events import ClosedBecause
from services.feedback.supervision.models import Cause, SupervisionOrder
from services.feedback.supervision.queries import ItemCounts, SeenOrder
from services.feedback.supervision.rules import StandingItem
from services.feedback.supervision.schemas import IssueOrder
from services.feedback.supervision.workflow import OrderAction, OrderMove
from shared.database import versioned
from shared.database.deciding import DecidingSession
from shared.errors import Invalid, Text
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions


class OrderAfter(NamedTuple):
    """An order after what was done to it, its live limits, oldest first, and how many items it
    has: all of it in hand, for what is not yet written is not yet read.
    """

    order: SupervisionOrder
    clocks: Sequence[Deadline]
    items: ItemCounts


async def issue_demand(
    session: DecidingSession, wanted: IssueOrder, *, caller: Caller, keyring: Keyring, now: datetime
) -> OrderAfter:
    """An order that a supervisor issues in words. Raises Invalid for an unknown department."""
    if not await departments.of_codes(session, [wanted.department_code]):
        raise Invalid(
            Text(
                "没有这个部门；请从部门名录中选",
                "There is no such department; please choose from the list of departments",
            ),
            pointer="/body/department_code",
        )
    order, limit = await service.issue(
        session,
        Cause.OTHER,
        wanted.department_code,
        level=wanted.level,
        by=caller.sub,
        now=now,
        demand=wanted.demand,
        keyring=keyring,
    )
    return OrderAfter(order, [limit], ItemCounts(0, 0))


async def act(
    session: DecidingSession,
    order_id: UUID,
    action: OrderAction,
    *,
    words: str | None,
    expected: int | None,
    caller: Caller,
    keyring: Keyring,
    now: datetime,
    reason: str | None = None,
) -> OrderAfter:
    """The order after a step of its state table; `reason` is why it ends although items stand.

    Who names no version wants the order as it is after whatever is just being done to it. Raises
    NotFound, StateConflict, Forbidden or ItemsStand.
    """
    seen = await visibility.find(session, order_id, caller)
    order, by = seen.order, caller.sub
    if expected is None:
        session.statement.wait_for(order)
    versions.ensure(expected, version=order.version, state=order.state)
    move = workflow.WORKFLOW.take(order.state, order.version, action, caller.roles)
    kind = SubjectKind.SUPERVISION_ORDER
    clocks = await deadlines.to_change(session, kind, [order.id], by=by, now=now)
    if move.settles:
        await _settle(session, seen, reason, now)
    order = await versioned.swap(session, order, _changes(move, now))
    _run_clocks(order, move, clocks)
    await deadlines.save(session, clocks)
    if move.settles:
        await service.publish_end(session, [order], ClosedBecause.ANSWER_ACCEPTED, {}, now)
    said = "\n".join(filter(None, (words, reason))) or None
    await service.note(session, [order], move.step, by=by, now=now, words=said, keyring=keyring)
    left = 0 if move.settles else seen.items.open_items
    return OrderAfter(order, clocks.live(), seen.items._replace(open_items=left))


def _changes(move: OrderMove, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {"state": move.to}
    if not move.keeps_bundle:
        changes["bundle_key"] = None
    if move.settles:
        changes["ended_at"] = now
    return changes


async def _settle(
    session: DecidingSession, seen: SeenOrder, reason: str | None, now: datetime
) -> None:
    """No lock keeps items out: none joins an order that was answered, for it is no bundle any more,
    and one that is settled by evidence meanwhile keeps that. Whoever settles them has the order,
    and is waited for before it is refused for what stands, whichever version was named.
    """
    standing: Sequence[StandingItem] = ()
    if seen.items.open_items:
        session.statement.wait_for(seen.order)
        standing = await queries.standing(session, seen.order.id)
    # A bad rating is answered, and does not go away.
    rules.ensure_done([item for item in standing if item.cause is not Cause.RATING], reason)
    await statement.settle_order(session, seen.order.id, now)


def _run_clocks(order: SupervisionOrder, move: OrderMove, clocks: ClockSet) -> None:
    if move.meets is not None:
        clocks.meet(move.meets)
    if move.starts is not None:
        office = move.starts in limits.OFFICE_CLOCKS
        owner = NO_DEPARTMENT if office else order.department_code
        clocks.start(Subject(SubjectKind.SUPERVISION_ORDER, order.id), [move.starts], owner)
    if move.settles:
        clocks.cancel()
