"""SQL of orders to put findings right."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Standing, Verdict
from services.projects.named_addresses.rules import Recapture
from services.projects.rectification import statement
from services.projects.rectification.models import (
    RectificationOrder,
    RectificationPolicy,
    RectificationState,
    RectificationYear,
)
from shared.database import calendar_days, rows
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.workdays import Workdays


class RectificationRow(NamedTuple):
    """An order with its duty as it stands, and the address of its proof."""

    order: RectificationOrder
    unit_name: str
    project_code: str | None
    project_name: str | None
    subject: str | None
    item_code: str
    item_name: str
    verdict: Verdict
    hold: str
    standing_version: int
    in_dispute: bool
    proof_url: str | None = None
    proof_at: datetime | None = None
    proof_evidence_id: UUID | None = None
    proof_counts: bool = True
    """Whether that is known to be a page of the duty still; true where there is none."""
    repliers: Sequence[str] = ()
    """The accounts that have replied for its unit."""
    recapture: Recapture | None = None
    """What will become of the address that was just named."""


class RectificationBasis(NamedTuple):
    """What a new order goes by: the policy, the year's numbers, the order that is open already,
    what the publication lacks, and the unit that it goes to."""

    term_days: int
    last_number: int | None
    year_version: int | None
    open_id: UUID | None
    open_number: str | None
    missing_elements: list[str]
    unit_code: str
    unit_name: str


class RectificationFilters(NamedTuple):
    """Which orders a list shows; `waits_for` are the roles of whose work it is the list, who acts
    for `own_units` and judges nothing of theirs."""

    units: list[str] | None
    state: RectificationState | None
    duty: UUID | None
    overdue: bool
    today: date
    due_before: date | None
    waits_for: list[str] | None
    sub: str
    own_units: list[str]


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
    page: dict[str, Any] | None
    """Of a reply, how far its address was read."""


class TermBasis(NamedTuple):
    """By what a term that begins now is counted."""

    policy: RectificationPolicy
    calendar: Workdays


def _row(values: Any) -> RectificationRow:
    found = [*values]
    order = rows.loaded(RectificationOrder, found)
    return RectificationRow(order, *rows.rest(RectificationOrder, found))


async def find(session: AsyncSession, order_id: UUID) -> RectificationRow | None:
    """One order, without a lock: it is guarded by its version."""
    found = await rows.fetching(session)(statement.ONE, order_id)
    return _row(found[0]) if found else None


def standing_of(row: RectificationRow) -> Standing:
    """The standing by which the order was read, to be held at that version."""
    held: dict[str, Any] = {"duty_id": row.order.duty_id, "version": row.standing_version}
    return Standing(**held)


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


async def term_basis(session: AsyncSession) -> TermBasis:
    """The policy in force with the calendar, in one read."""
    [found] = await rows.fetching(session)(statement.TERM_BASIS)
    values = [*found]
    content = rows.rest(RectificationPolicy, values)
    calendar = await calendar_days.of_content(session, content)
    return TermBasis(rows.loaded(RectificationPolicy, values), calendar)


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


async def some(session: AsyncSession, ids: Sequence[UUID]) -> list[RectificationRow]:
    """These orders as they are now."""
    return [_row(each) for each in await rows.fetching(session)(statement.SOME, [*ids])]


async def unsettled(session: AsyncSession, limit: int) -> list[RectificationRow]:
    """Some open orders, locked with their standing, of whose duty something has changed."""
    return await _held(session, statement.UNSETTLED, limit)


async def proven_before(session: AsyncSession, limit: int) -> list[RectificationRow]:
    """The same of orders that were closed by proof, and whose duty is under no other order."""
    return await _held(session, statement.PROVEN_BEFORE, limit)


async def left_alone(
    session: AsyncSession, today: date, verdicts: Sequence[Verdict], limit: int
) -> list[RectificationRow]:
    """Some orders, locked with their standing, whose last day is over and that are still held
    against their unit."""
    blamed = [str(each) for each in verdicts]
    found = await _held(session, statement.LEFT_ALONE, today, blamed, limit)
    # What else is asked for may have come between the two statements, and not after the locks.
    return [row for row in found if not row.in_dispute and row.verdict in verdicts]


async def _held(session: AsyncSession, locking: str, *values: Any) -> list[RectificationRow]:
    held = await rows.fetching(session)(locking, *values)
    return await some(session, [order_id for (order_id,) in held]) if held else []


async def begin_reviews(session: AsyncSession, begun: date, days: int, due_on: date | None) -> None:
    """Give whatever waits for an auditor without a term the one that begins now."""
    values = {"begun": begun, "days": days, "due_on": due_on}
    await session.execute(statement.WITHOUT_REVIEW, values)


async def open_orders(
    session: AsyncSession, duties: Sequence[UUID]
) -> Sequence[RectificationOrder]:
    """The open orders about these duties."""
    query = select(RectificationOrder).where(
        col(RectificationOrder.duty_id).in_(duties), col(RectificationOrder.ended_at).is_(None)
    )
    return (await session.exec(query)).all()


async def open_terms(
    session: AsyncSession, after: UUID | None, limit: int
) -> list[RectificationOrder]:
    """Open orders in the order of their ids, locked."""
    found = await rows.fetching(session)(statement.OPEN_TERMS, after, limit)
    return [rows.loaded(RectificationOrder, each) for each in found]


async def put(session: AsyncSession, orders: Sequence[RectificationOrder]) -> None:
    """Write these orders over what they were, by one statement; they are locked."""
    written = [{name: getattr(order, name) for name in statement.COLUMNS} for order in orders]
    await session.execute(statement.PUT, {"rows": json.dumps(written, default=str)})


async def note_looked_at(session: AsyncSession, seen: Sequence[RectificationRow]) -> None:
    """What is known of these duties proves nothing, or nothing more."""
    ids = [row.order.id for row in seen]
    versions = [row.standing_version for row in seen]
    await session.execute(statement.LOOKED_AT, {"ids": ids, "versions": versions})
