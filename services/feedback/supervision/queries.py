"""The room's SQL for orders, items and steps; the sweeps of escalation are in `statement`.

An order's row is locked before an item is added to it or its last item is settled, so that an order
never closes on an item that is just arriving.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, exists, func, literal_column, select, text, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.supervision import statement
from services.feedback.supervision.models import (
    ENDED,
    Cause,
    EndedRectification,
    OrderState,
    PublicationProof,
    SupervisionItem,
    SupervisionOrder,
    SupervisionStep,
)
from services.feedback.supervision.rules import Evidence, StandingItem
from services.feedback.supervision.workflow import WORKFLOW, OrderSweep

ITEMS_SHOWN = 200

_COUNTS = (
    func.count().label("items"),
    func.count().filter(col(SupervisionItem.settled_at).is_(None)).label("open_items"),
)
_OPEN, _CLOSED = WORKFLOW.leads(OrderSweep.CLOSE)


class OpenBundle(NamedTuple):
    """A bundle of the day that takes items, and whether it was only just opened."""

    order_id: UUID
    key: str | None
    is_new: bool


class ItemCounts(NamedTuple):
    """How many items an order has, and how many of them still stand."""

    items: int
    open_items: int


class SettledBy(NamedTuple):
    """The event that says that a cause is gone, and where one can see it."""

    event_id: UUID
    url: str | None
    told_at: datetime


class SeenOrder(NamedTuple):
    """An order that exists for the caller, and how many items it has."""

    order: SupervisionOrder
    items: ItemCounts


_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:duty, 12))")


async def take_turn(session: AsyncSession, duty_id: UUID) -> None:
    """One transaction at a time judges a duty: its notice and its proof may come together."""
    await session.execute(_TURN, {"duty": str(duty_id)})


async def is_news(session: AsyncSession, duty_id: UUID, judged_at: datetime) -> bool:
    """Whether an overdue notice says something new: no later proof, no item of it or after it."""
    proof = exists().where(
        col(PublicationProof.duty_id) == duty_id, col(PublicationProof.told_at) >= judged_at
    )
    item = exists().where(
        col(SupervisionItem.cause) == Cause.DUTY,
        col(SupervisionItem.cause_id) == duty_id,
        col(SupervisionItem.settled_at).is_(None) | (col(SupervisionItem.judged_at) >= judged_at),
    )
    return bool((await session.execute(select(~proof & ~item))).scalar_one())


async def is_unsupervised(session: AsyncSession, rectification_id: UUID) -> bool:
    """Whether no order was ever issued about it, and it has not ended."""
    item = exists().where(
        col(SupervisionItem.cause) == Cause.OTHER,
        col(SupervisionItem.cause_id) == rectification_id,
    )
    ended = exists().where(col(EndedRectification.rectification_id) == rectification_id)
    return bool((await session.execute(select(~item & ~ended))).scalar_one())


async def keep_proof(session: AsyncSession, proof: PublicationProof) -> None:
    """The latest word that a duty is published."""
    kept = upsert(PublicationProof).values(proof.model_dump())
    await session.execute(
        kept.on_conflict_do_update(
            index_elements=["duty_id"],
            set_={name: kept.excluded[name] for name in ("event_id", "url", "told_at")},
            where=col(PublicationProof.told_at) < kept.excluded["told_at"],
        )
    )


async def open_bundles(
    session: AsyncSession, orders: Sequence[SupervisionOrder]
) -> Sequence[OpenBundle]:
    """For each wanted bundle the open one. All are locked."""
    wanted = upsert(SupervisionOrder).values([order.model_dump() for order in orders])
    opened = wanted.on_conflict_do_update(
        index_elements=["bundle_key"], set_={"version": col(SupervisionOrder.version)}
    ).returning(
        col(SupervisionOrder.id),
        col(SupervisionOrder.bundle_key),
        literal_column("xmax = 0", Boolean),
    )
    return [OpenBundle(*row) for row in await session.execute(opened)]


async def add(session: AsyncSession, order: SupervisionOrder) -> None:
    """A single order that is no bundle."""
    session.add(order)
    await session.flush()


async def lock_orders(session: AsyncSession, ids: Collection[UUID]) -> Sequence[SupervisionOrder]:
    """The orders that have not ended, locked in one order of ids."""
    rows = (
        select(SupervisionOrder)
        .where(col(SupervisionOrder.id).in_(ids), col(SupervisionOrder.state).not_in(ENDED))
        .order_by(col(SupervisionOrder.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.execute(rows)).scalars().all()


async def orders_of_cause(session: AsyncSession, cause: Cause, cause_id: UUID) -> Sequence[UUID]:
    """The orders in which a cause still stands."""
    rows = select(col(SupervisionItem.order_id)).where(
        col(SupervisionItem.cause) == cause,
        col(SupervisionItem.cause_id) == cause_id,
        col(SupervisionItem.settled_at).is_(None),
    )
    return (await session.execute(rows)).scalars().all()


async def settle(
    session: AsyncSession, cause: Cause, cause_id: UUID, by: SettledBy, now: datetime
) -> Sequence[UUID]:
    """Settle what the event answers; returns the orders of it. Later judgements stand."""
    settled = (
        update(SupervisionItem)
        .where(
            col(SupervisionItem.cause) == cause,
            col(SupervisionItem.cause_id) == cause_id,
            col(SupervisionItem.settled_at).is_(None),
            col(SupervisionItem.judged_at) <= by.told_at,
        )
        .values(settled_at=now, evidence_event_id=by.event_id, evidence_url=by.url)
        .returning(col(SupervisionItem.order_id))
    )
    return (await session.execute(settled)).scalars().all()


async def standing(session: AsyncSession, order_id: UUID) -> Sequence[StandingItem]:
    """The items of an order whose cause is not gone."""
    rows = select(*(getattr(SupervisionItem, name) for name in StandingItem._fields)).where(
        col(SupervisionItem.order_id) == order_id, col(SupervisionItem.settled_at).is_(None)
    )
    return [StandingItem(*row) for row in await session.execute(rows)]


async def close_settled(
    session: AsyncSession, ids: Collection[UUID], now: datetime
) -> Sequence[SupervisionOrder]:
    """Of these orders, locked before, those in which nothing stands any more: closed."""
    standing = exists().where(
        col(SupervisionItem.order_id) == col(SupervisionOrder.id),
        col(SupervisionItem.settled_at).is_(None),
    )
    closed = (
        update(SupervisionOrder)
        .where(
            col(SupervisionOrder.id).in_(ids),
            col(SupervisionOrder.state).in_(_OPEN),
            ~standing,
        )
        .values(
            state=_CLOSED,
            bundle_key=None,
            ended_at=now,
            version=col(SupervisionOrder.version) + 1,
        )
        .returning(SupervisionOrder)
    )
    rows = await session.execute(
        closed, execution_options={"populate_existing": True, "synchronize_session": False}
    )
    return rows.scalars().all()


async def evidence_of(session: AsyncSession, ids: Collection[UUID]) -> Sequence[Evidence]:
    """What proved the cause of every item of these orders gone."""
    rows = select(col(SupervisionItem.order_id), col(SupervisionItem.evidence_event_id)).where(
        col(SupervisionItem.order_id).in_(ids)
    )
    return [Evidence(*row) for row in await session.execute(rows)]


async def seen(
    session: AsyncSession, order_id: UUID, own: Collection[str], *, accusations: bool
) -> SeenOrder | None:
    """An order as it stands now, if it is in the lists of one who sees this; see `page`."""
    counted = (
        select(*_COUNTS)
        .where(col(SupervisionItem.order_id) == col(SupervisionOrder.id))
        .correlate(SupervisionOrder)
        .lateral()
    )
    rows = (
        select(SupervisionOrder, *counted.columns)
        .join(counted, true())
        .where(col(SupervisionOrder.id) == order_id, *statement.seen(own, accusations=accusations))
    )
    row = (await session.execute(rows)).one_or_none()
    return None if row is None else SeenOrder(row[0], ItemCounts(*row[1:]))


async def page(
    session: AsyncSession,
    *,
    departments: Collection[str] | None,
    own: Collection[str],
    accusations: bool,
    state: OrderState | None,
    level: int | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> Sequence[SupervisionOrder]:
    """Orders, the latest first; `departments` None means all of them. Never one about a letter that
    accuses one of `own`, and about other accusations only if wanted.
    """
    rows = select(SupervisionOrder).order_by(
        col(SupervisionOrder.issued_at).desc(), col(SupervisionOrder.id).desc()
    )
    if departments is not None:
        rows = rows.where(col(SupervisionOrder.department_code).in_(departments))
    rows = rows.where(*statement.seen(own, accusations=accusations))
    if state is not None:
        rows = rows.where(col(SupervisionOrder.state) == state)
    if level is not None:
        rows = rows.where(col(SupervisionOrder.level) == level)
    if after is not None:
        key = tuple_(col(SupervisionOrder.issued_at), col(SupervisionOrder.id))
        rows = rows.where(key < after)
    return (await session.execute(rows.limit(limit))).scalars().all()


async def counts(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, ItemCounts]:
    """By order, its items."""
    counted = (
        select(col(SupervisionItem.order_id), *_COUNTS)
        .where(col(SupervisionItem.order_id).in_(ids))
        .group_by(col(SupervisionItem.order_id))
    )
    found = await session.execute(counted)
    return {order_id: ItemCounts(n, left) for order_id, n, left in found}


async def items(
    session: AsyncSession, order_id: UUID, after: UUID | None = None, limit: int = ITEMS_SHOWN
) -> Sequence[SupervisionItem]:
    """Items of an order in the order in which they came."""
    rows = select(SupervisionItem).where(col(SupervisionItem.order_id) == order_id)
    if after is not None:
        rows = rows.where(col(SupervisionItem.id) > after)
    return (
        (await session.execute(rows.order_by(col(SupervisionItem.id)).limit(limit))).scalars().all()
    )


async def steps(session: AsyncSession, order_id: UUID) -> Sequence[SupervisionStep]:
    """Everything that was done about an order, oldest first."""
    rows = (
        select(SupervisionStep)
        .where(col(SupervisionStep.order_id) == order_id)
        .order_by(col(SupervisionStep.at), col(SupervisionStep.id))
    )
    return (await session.execute(rows)).scalars().all()
