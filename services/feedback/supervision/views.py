"""Supervision orders as those who may see them see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import rules as limits
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import Deadline, SubjectKind
from services.feedback.office import is_everywhere_outside, own_departments
from services.feedback.supervision import queries, rules, visibility
from services.feedback.supervision.handling import OrderAfter
from services.feedback.supervision.models import OrderState, SupervisionOrder, SupervisionStep
from services.feedback.supervision.queries import ItemCounts
from services.feedback.supervision.schemas import (
    OrderDetail,
    OrderStepView,
    OrderView,
    SupervisionItemView,
)
from services.feedback.supervision.service import DEMAND, STEP_TEXT
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page


async def orders(
    session: AsyncSession,
    *,
    caller: Caller,
    department_code: str | None,
    state: OrderState | None,
    level: int | None,
    paging: PageRequest,
    now: datetime,
) -> Page[OrderView]:
    """The orders of the caller's departments, the latest first."""
    seen = rules.departments_of(caller)
    if department_code is not None:
        seen = frozenset({department_code}) if caller.at(department_code) else frozenset()
    found = await queries.page(
        session,
        departments=seen,
        own=own_departments(caller),
        accusations=not is_everywhere_outside(caller),
        state=state,
        level=level,
        after=paging.key(datetime, UUID),
        limit=paging.limit + 1,
    )
    views = await _views(session, found, now)
    return page(found, paging, lambda o: (o.issued_at, o.id), lambda o: views[o.id])


def after(done: OrderAfter, now: datetime) -> OrderView:
    """An order just changed, as lists show it."""
    return _view(done.order, done.clocks, done.items, now)


async def detail(
    session: AsyncSession, order_id: UUID, *, caller: Caller, keyring: Keyring, now: datetime
) -> OrderDetail:
    """An order with its items and history. Raises NotFound."""
    order, counted = await visibility.find(session, order_id, caller)
    clocks = await deadlines.of_many(session, SubjectKind.SUPERVISION_ORDER, [order.id])
    view = _view(order, clocks[order.id], counted, now)
    demand = order.demand_sealed
    return OrderDetail(
        **view.model_dump(),
        demand=demand and keyring.open(demand, where=DEMAND, row=str(order.id)),
        items=[
            SupervisionItemView.model_validate(i) for i in await queries.items(session, order.id)
        ],
        steps=[_step(step, keyring) for step in await queries.steps(session, order.id)],
    )


async def items(
    session: AsyncSession, order_id: UUID, *, caller: Caller, paging: PageRequest
) -> Page[SupervisionItemView]:
    """All items of an order. Raises NotFound."""
    order, _ = await visibility.find(session, order_id, caller)
    after = paging.key(UUID)
    last = after[0] if after is not None else None
    found = await queries.items(session, order.id, last, paging.limit + 1)
    return page(found, paging, lambda i: (i.id,), SupervisionItemView.model_validate)


async def _views(
    session: AsyncSession, orders: Sequence[SupervisionOrder], now: datetime
) -> dict[UUID, OrderView]:
    ids = [order.id for order in orders]
    counts = await queries.counts(session, ids)
    clocks = await deadlines.of_many(session, SubjectKind.SUPERVISION_ORDER, ids)
    none = ItemCounts(0, 0)
    return {
        order.id: _view(order, clocks[order.id], counts.get(order.id, none), now)
        for order in orders
    }


def _view(
    order: SupervisionOrder, clocks: Sequence[Deadline], counted: ItemCounts, now: datetime
) -> OrderView:
    """`clocks` are its live ones, oldest first."""
    clock = next(iter(clocks), None)
    return OrderView(
        **order.model_dump(include=_SHOWN),
        due_on=clock and clock.due_on,
        due_on_is_provisional=clock and clock.provisional,
        overdue=clock is not None and limits.is_overdue(clock, now),
        item_count=counted.items,
        open_item_count=counted.open_items,
    )


_SHOWN = {
    "id",
    "number",
    "cause",
    "department_code",
    "level",
    "state",
    "version",
    "issued_at",
    "ended_at",
}


def _step(step: SupervisionStep, keyring: Keyring) -> OrderStepView:
    words = step.said_sealed
    return OrderStepView(
        step=step.step,
        state=step.state,
        level=step.level,
        at=step.at,
        by=step.by,
        text=words and keyring.open(words, where=STEP_TEXT, row=str(step.id)),
    )
