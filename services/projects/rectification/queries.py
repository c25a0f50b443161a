"""SQL of orders to put findings right."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.rectification import statement
from services.projects.rectification.models import (
    RectificationOrder,
    RectificationPolicy,
    RectificationState,
    RectificationYear,
)
from shared.database import rows
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken


class RectificationRow(NamedTuple):
    """An order with its duty as it stands, and the address of its proof."""

    order: RectificationOrder
    unit_name: str
    project_code: str | None
    project_name: str | None
    item_code: str
    item_name: str
    verdict: Verdict
    hold: str
    standing_version: int
    in_dispute: bool
    proof_url: str | None = None
    proof_at: datetime | None = None
    proof_evidence_id: UUID | None = None


class RectificationBasis(NamedTuple):
    """What a new order goes by: the policy, the year's numbers, the order that is open already,
    and what the publication lacks."""

    term_days: int
    further_days: int
    last_number: int | None
    year_version: int | None
    open_id: UUID | None
    open_number: str | None
    missing_elements: list[str]


class RectificationFilters(NamedTuple):
    """Which orders a list shows; `waits_for` are the roles of whose work it is the list."""

    units: list[str] | None
    state: RectificationState | None
    duty: UUID | None
    overdue: bool
    today: date
    due_before: date | None
    waits_for: list[str] | None
    sub: str


class RectificationStepRow(NamedTuple):
    """A line of an order's history, by its columns."""

    step: str
    state: str
    level: int
    due_on: date | None
    reply_kind: str | None
    url: str | None
    document: str | None
    text: str | None
    at: datetime
    by: str


def _row(values: Any) -> RectificationRow:
    found = [*values]
    order = rows.loaded(RectificationOrder, found)
    return RectificationRow(order, *rows.rest(RectificationOrder, found))


async def find(session: AsyncSession, order_id: UUID) -> RectificationRow | None:
    """One order, without a lock: it is guarded by its version."""
    found = await rows.fetching(session)(statement.ONE, order_id)
    return _row(found[0]) if found else None


async def listed(
    session: AsyncSession,
    wanted: RectificationFilters,
    after: tuple[date | None, UUID] | None,
    limit: int,
) -> list[RectificationRow]:
    """Orders, those first in front whose last day comes first."""
    values = (*wanted, *(after or (None, None)), limit)
    return [_row(each) for each in await rows.fetching(session)(statement.LIST, *values)]


async def ordering_basis(session: AsyncSession, duty_id: UUID, year: int) -> RectificationBasis:
    found = await session.execute(statement.BASIS, {"duty": duty_id, "year": year})
    return RectificationBasis(*found.one())


async def policy(session: AsyncSession) -> RectificationPolicy:
    """The policy in force."""
    newest = select(RectificationPolicy).order_by(col(RectificationPolicy.version).desc())
    return (await session.exec(newest.limit(1))).one()


def add_policy(session: DecidingSession, policy: RectificationPolicy) -> None:
    """The next version; where another was faster all is decided anew."""
    session.statement.refusing("pk_rectification_policy", Overtaken)
    session.add(policy)


async def steps(session: AsyncSession, order_id: UUID) -> list[RectificationStepRow]:
    """What was done to an order, oldest first."""
    found = await session.execute(statement.STEPS, {"id": order_id})
    return [RectificationStepRow(*row) for row in found]


def add(
    session: DecidingSession, order: RectificationOrder, year: RectificationYear | None
) -> None:
    """A new order, and the first number of its year; where another was faster all is decided
    anew."""
    session.statement.refusing("uq_rectification_order_open", Overtaken)
    session.statement.refusing("pk_rectification_year", Overtaken)
    session.add(order)
    if year is not None:
        session.add(year)


async def unsettled(session: AsyncSession, limit: int) -> list[RectificationRow]:
    """Some open orders, locked, of whose duty something has changed."""
    return [_row(each) for each in await rows.fetching(session)(statement.UNSETTLED, limit)]


async def left_alone(
    session: AsyncSession, today: date, verdicts: Sequence[Verdict], limit: int
) -> list[RectificationRow]:
    """Some orders, locked, whose last day is over and that are still held against their unit."""
    values = (today, [str(each) for each in verdicts], limit)
    return [_row(each) for each in await rows.fetching(session)(statement.LEFT_ALONE, *values)]


async def open_orders(
    session: AsyncSession, duties: Sequence[UUID]
) -> Sequence[RectificationOrder]:
    """The open orders about these duties."""
    query = select(RectificationOrder).where(
        col(RectificationOrder.duty_id).in_(duties), col(RectificationOrder.ended_at).is_(None)
    )
    return (await session.exec(query)).all()


async def open_terms(session: AsyncSession) -> list[RectificationOrder]:
    """All open orders, locked."""
    found = await rows.fetching(session)(statement.OPEN_TERMS)
    return [rows.loaded(RectificationOrder, each) for each in found]


async def note_looked_at(session: AsyncSession, seen: Sequence[RectificationRow]) -> None:
    """What is known of these duties proves nothing, or nothing more."""
    ids = [row.order.id for row in seen]
    versions = [row.standing_version for row in seen]
    await session.execute(statement.LOOKED_AT, {"ids": ids, "versions": versions})
