"""The watch over passed limits and ignored orders: they become orders, and orders rise."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import rules as limits
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import COUNTRY, PolicyKind, SubjectKind
from services.feedback.supervision import queries, rules, service, statement
from services.feedback.supervision.events import EscalationReason, SupervisionEscalated
from services.feedback.supervision.models import Cause, OrderStep
from shared.clock import today
from shared.database import calendar_days
from shared.database.engine import Sessions
from shared.messaging import outbox
from shared.workdays import Workdays, in_office_hours

LEVELS = ((3, PolicyKind.ESCALATE_3), (2, PolicyKind.ESCALATE_2), (1, PolicyKind.ESCALATE_1))
"""The highest first: what is long overdue at once goes straight to its level."""


async def watch(sessions: Sessions, now: datetime) -> int:
    """Escalate all there is, in short transactions; returns how much was done."""
    total = 0
    while True:
        async with sessions() as session, session.begin():
            done = await escalate(session, now)
        if not done:
            return total
        total += done


async def escalate(session: AsyncSession, now: datetime) -> int:
    """One round: orders closed, raised and filled, each a bounded number.

    Demands are made in office hours of working days only, and not while a holiday notice is being
    worked into the limits.
    """
    await statement.join_whole_tables(session)
    done = await _close_gone(session, now)
    calendar = await calendar_days.load(session, COUNTRY)
    if not in_office_hours(now, calendar) or await deadlines.awaits_recomputing(session):
        return done
    raised = await statement.raise_unanswered(session)
    done += await _announce(session, raised, EscalationReason.ORDER_NOT_ANSWERED, now)
    for level, kind in LEVELS:
        done += await _reach(session, level, kind, calendar, now)
    return done


async def _reach(
    session: AsyncSession, level: int, kind: PolicyKind, calendar: Workdays, now: datetime
) -> int:
    """What is overdue long enough for `level` comes into an order of at least that level."""
    n = (await deadlines.policy(session, kind, now)).n
    due_before = limits.nth_workday_back(today(now), n, calendar)
    raised = await statement.raise_long_overdue(session, level, due_before)
    done = await _announce(session, raised, EscalationReason.CAUSE_LONG_OVERDUE, now)
    done += await _demand_accusations(session, level, due_before, now)
    departments = await statement.departments_overdue(session, level, due_before)
    if not departments:
        return done
    await _open_bundles(session, departments, level, now)
    return done + await statement.take_overdue(session, level, due_before, today(now), now)


async def _demand_accusations(
    session: AsyncSession, level: int, due_before: date, now: datetime
) -> int:
    """Each in an order by itself, known by the order's number alone: in a bundle with others the
    item that opens nothing would show whom it is hidden from that there is an accusation.
    """
    taken = await statement.take_accusations(session, level, due_before)
    for one in taken:
        await service.issue(
            session,
            Cause.DEADLINE,
            one.department_code,
            level=level,
            by=service.SYSTEM,
            now=now,
            cause_id=one.clock_id,
        )
    return len(taken)


async def _open_bundles(
    session: AsyncSession, departments: Sequence[str], level: int, now: datetime
) -> None:
    wanted = [
        rules.new_order(Cause.DEADLINE, code, level=level, day=today(now), now=now, bundled=True)
        for code in departments
    ]
    opened = await queries.open_bundles(session, wanted)
    created = {bundle.order_id for bundle in opened if bundle.is_new}
    new = [order for order in wanted if order.id in created]
    await service.begin(session, new, by=service.SYSTEM, now=now)


async def _announce(
    session: AsyncSession,
    raised: Sequence[statement.Raised],
    reason: EscalationReason,
    now: datetime,
) -> int:
    """A raised order begins anew: it is to be acknowledged, one level higher."""
    ids = [order.id for order in raised]
    await deadlines.cancel_many(
        session, SubjectKind.SUPERVISION_ORDER, ids, by=service.SYSTEM, now=now
    )
    orders = await queries.lock_orders(session, ids)
    await service.note(session, orders, OrderStep.ESCALATED, by=service.SYSTEM, now=now)
    await service.start_acknowledgement(session, orders, by=service.SYSTEM, now=now)
    events = [
        SupervisionEscalated(
            order_id=order.id,
            number=order.number,
            department_code=order.department_code,
            level_before=order.level_before,
            level=order.level,
            reason=reason,
            at=now,
        )
        for order in raised
    ]
    await outbox.record_many(
        session, [outbox.Addressed(e, e.department_code, str(e.order_id)) for e in events]
    )
    return len(raised)


async def _close_gone(session: AsyncSession, now: datetime) -> int:
    """What was handled after all is settled, and an order in which nothing stands closes."""
    orders = await statement.orders_with_gone(session)
    if not orders:
        return 0
    await queries.lock_orders(session, orders)
    await statement.settle_gone(session, orders, now)
    await service.close_settled(session, orders, now)
    return len(orders)
