"""A finding is ordered to be put right; orders are read and listed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.duties import ruling
from services.projects.duties import service as duties
from services.projects.duties.models import PublicationFact
from services.projects.duties.rules import own_units
from services.projects.duties.seen import SeenDuty
from services.projects.rectification import queries, rules
from services.projects.rectification.events import RectificationOrdered
from services.projects.rectification.models import (
    Closing,
    RectificationOrder,
    RectificationState,
    RectificationStep,
    RectificationStepKind,
    RectificationYear,
)
from services.projects.rectification.queries import (
    RectificationBasis,
    RectificationFilters,
    RectificationRow,
    RectificationStepRow,
)
from services.projects.rectification.schemas import RectificationDemand
from services.projects.rectification.workflow import RectificationMove
from shared import clock
from shared.database import versioned
from shared.database.deciding import DecidingSession
from shared.errors import NotFound
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions


async def issue(
    session: DecidingSession, wanted: RectificationDemand, now: datetime, caller: Caller
) -> RectificationRow:
    """Order the unit of a duty to put right what its verdict blames it for.

    Duty and verdict are held as they were read: of a verdict that moves meanwhile, or a dispute
    that is opened, all is decided anew. Raises NotFound, StateConflict if the duty moved since it
    was read, NoFault, DisputeIsOpen, OrderOpen, or Invalid for a term that cannot be.
    """
    found = await ruling.find(session, wanted.duty_id, now, caller)
    duty, verdict = found.duty, found.standing.verdict
    versions.ensure(wanted.version, version=duty.version, state=duty.hold)
    if verdict not in rules.FAULTS:
        raise rules.NoFault(verdict=str(verdict))
    if found.dispute_version is not None:
        raise rules.DisputeIsOpen
    await versioned.hold(session, duty)
    await versioned.hold(session, found.standing)
    year = clock.today(now).year
    basis = await queries.ordering_basis(session, duty.id, year)
    if basis.open_id is not None:
        raise rules.OrderOpen(rectification_id=str(basis.open_id), number=basis.open_number)
    number, new_year = await _numbered(session, year, basis)
    order = _order(found, verdict, wanted, basis, number, now, caller)
    queries.add(session, order, new_year)
    row = _row(found, order, basis.unit_name)
    await note(session, row, RectificationStepKind.ORDERED, now, caller.sub, text=wanted.demand)
    await publish(session, row, RectificationOrdered, now)
    return row


async def _numbered(
    session: DecidingSession, year: int, basis: RectificationBasis
) -> tuple[str, RectificationYear | None]:
    """The next number of the year, and the year where this is its first."""
    if basis.last_number is None or basis.year_version is None:
        return rules.number_of(year, 1), RectificationYear(year=year, last_number=1)
    number = basis.last_number + 1
    seen = RectificationYear(year=year, last_number=basis.last_number, version=basis.year_version)
    await versioned.swap(session, seen, {"last_number": number}, state="year", follows=True)
    return rules.number_of(year, number), None


def _order(
    found: SeenDuty,
    verdict: Verdict,
    wanted: RectificationDemand,
    basis: RectificationBasis,
    number: str,
    now: datetime,
    caller: Caller,
) -> RectificationOrder:
    today, calendar = clock.today(now), found.calendar
    given = (wanted.working_days, wanted.due_on)
    days = rules.term_days(today, *given, basis.term_days, calendar)
    return RectificationOrder(
        number=number,
        duty_id=found.duty.id,
        unit_code=basis.unit_code,
        cause=verdict,
        missing_elements=basis.missing_elements if verdict is Verdict.INCOMPLETE else [],
        demand=wanted.demand,
        term_from=today,
        term_days=days,
        due_on=rules.due_on(today, days, calendar),
        issued_at=now,
        issued_by=caller.sub,
    )


def _row(found: SeenDuty, order: RectificationOrder, unit_name: str) -> RectificationRow:
    """A new order as it is shown, its duty in hand."""
    duty, standing = found.duty, found.standing
    about = (duty.project_code, found.project_name, duty.subject, duty.item_code)
    how = (order.cause, standing.hold, standing.version, False)
    return RectificationRow(order, unit_name, *about, found.item_name, *how)


async def note(
    session: AsyncSession,
    row: RectificationRow,
    step: RectificationStepKind,
    now: datetime,
    by: str,
    **words: Any,
) -> None:
    """Append a line to the order's history, and to the audit log."""
    session.add(step_line(row.order, step, now, by, **words))
    where, details = audit_entry(row.order)
    await audit_log.write(session, by, f"rectification.{step}", where, now, details)


def step_line(
    order: RectificationOrder, step: RectificationStepKind, now: datetime, by: str, **words: Any
) -> RectificationStep:
    """A line of the order's history, as it stands after the step."""
    return RectificationStep(
        order_id=order.id,
        step=step,
        state=order.state,
        level=order.level,
        due_on=order.due_on,
        at=now,
        by=by,
        **words,
    )


def audit_entry(order: RectificationOrder) -> tuple[str, dict[str, Any]]:
    """What a line of the audit log is about, and its details."""
    return f"rectification:{order.id}", {"duty": str(order.duty_id)}


async def publish(
    session: AsyncSession, row: RectificationRow, event: type[Any], now: datetime, **more: Any
) -> None:
    """Publish what became of the order."""
    await outbox.record_many(session, [addressed(row, event, now, **more)])


def addressed(row: RectificationRow, event: type[Any], now: datetime, **more: Any) -> Addressed:
    """What became of the order, as an event for the bus."""
    order = row.order
    published = event(
        rectification_id=order.id,
        number=order.number,
        duty_id=order.duty_id,
        unit_code=order.unit_code,
        project_code=row.project_code,
        subject=row.subject,
        item_code=row.item_code,
        cause=order.cause,
        level=order.level,
        due_on=order.due_on,
        at=now,
        **more,
    )
    return Addressed(published, order.unit_code, str(order.id))


def ended(
    move: RectificationMove, now: datetime, by: str, proof: PublicationFact | None
) -> dict[str, Any]:
    """The columns of an order that ends by that row of the table."""
    fact_id = None if proof is None else proof.id
    return {"closing": move.closing, "ended_at": now, "ended_by": by, "proof_fact_id": fact_id}


def with_proof(row: RectificationRow, proof: PublicationFact | None) -> RectificationRow:
    """The order as it is shown with what proves it."""
    if proof is None:
        return row
    return row._replace(
        proof_url=proof.url, proof_at=proof.observed_at, proof_evidence_id=proof.evidence_id
    )


def how_it_ended(row: RectificationRow) -> dict[str, Any]:
    """What `RectificationClosed` says besides."""
    order = row.order
    return {
        "closing": order.closing,
        "rectified": order.closing is Closing.PROOF,
        "url": row.proof_url,
        "was_escalated": order.escalated_at is not None,
    }


async def find(session: AsyncSession, order_id: UUID, caller: Caller) -> RectificationRow:
    """Raises NotFound, also for one of a unit that is not the caller's."""
    row = await queries.find(session, order_id)
    if row is None or not duties.may_see(caller, row.order.unit_code):
        raise NotFound
    return row


async def steps(session: AsyncSession, order_id: UUID) -> list[RectificationStepRow]:
    """What was done to the order, oldest first."""
    return await queries.steps(session, order_id)


async def listed(
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    *,
    unit: str | None,
    state: RectificationState | None,
    duty: UUID | None,
    mine: bool,
    overdue: bool,
    due_before: date | None,
    after: tuple[date | None, UUID] | None,
    limit: int,
) -> Sequence[RectificationRow]:
    """Orders that the caller may see; `mine`: those that wait for them.

    Raises NotFound for a unit that is not theirs.
    """
    wanted = RectificationFilters(
        units=duties.visible_units(caller, unit),
        state=state,
        duty=duty,
        overdue=overdue,
        today=clock.today(now),
        due_before=due_before,
        waits_for=sorted(caller.roles) if mine else None,
        sub=caller.sub,
        own_units=own_units(caller),
    )
    return await queries.listed(session, wanted, after, limit)


async def open_orders(
    session: AsyncSession, duty_ids: Sequence[UUID]
) -> dict[UUID, RectificationOrder]:
    """The open order about each of these duties, where there is one."""
    return {order.duty_id: order for order in await queries.open_orders(session, duty_ids)}
