"""The terms of orders: which begin with a step, and how they are counted anew."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar import service as calendars
from services.projects.calendar.models import NATIONAL
from services.projects.rectification import queries, rules, service
from services.projects.rectification.models import (
    RectificationOrder,
    RectificationStepKind,
)
from services.projects.rectification.queries import TermBasis
from services.projects.rectification.workflow import RectificationMove
from shared.security import audit_log
from shared.workdays import Workdays

CALENDAR = "rectification-terms"
BATCH = 200
NO_REVIEW: Mapping[str, None] = dict.fromkeys(("review_from", "review_days", "review_due_on"))
"""The columns of an auditor's term, while nothing waits for them."""


def begun(move: RectificationMove, basis: TermBasis, today: date) -> dict[str, Any]:
    """The columns of the terms that begin with that row of the table: of the unit, of an auditor.

    The auditor's is over with any step that does not begin it anew.
    """
    policy, calendar = basis
    columns: dict[str, Any] = {**NO_REVIEW}
    if move.further_term:
        due_on = rules.due_on(today, policy.further_days, calendar)
        columns |= {"term_from": today, "term_days": policy.further_days, "due_on": due_on}
    if move.waits:
        days = policy.review_days
        due_on = rules.due_on(today, days, calendar)
        columns |= {"review_from": today, "review_days": days, "review_due_on": due_on}
    return columns


async def count_anew(session: AsyncSession, region: str, now: datetime) -> int:
    """Count the last days of open orders anew, after the calendar moved; how many moved."""
    if region != NATIONAL:
        return 0
    calendar = await calendars.load(session)
    count, after = 0, None
    while orders := await queries.open_terms(session, after, BATCH):
        moved = [each for order in orders if (each := _counted(order, calendar)) is not None]
        if moved:
            await queries.put(session, moved)
            entries = [service.audit_entry(order) for order in moved]
            action = f"rectification.{RectificationStepKind.COUNTED_ANEW}"
            await audit_log.write_many(session, CALENDAR, action, entries, now)
        count, after = count + len(moved), orders[-1].id
    return count


def _counted(order: RectificationOrder, calendar: Workdays) -> RectificationOrder | None:
    """The order with its last days by this calendar; None where they are what they were."""
    due_on = rules.due_on(order.term_from, order.term_days, calendar)
    review_due_on = None
    if order.review_from is not None and order.review_days is not None:
        review_due_on = rules.due_on(order.review_from, order.review_days, calendar)
    if (due_on, review_due_on) == (order.due_on, order.review_due_on):
        return None
    return changed(order, {"due_on": due_on, "review_due_on": review_due_on})


def changed(order: RectificationOrder, changes: Mapping[str, Any]) -> RectificationOrder:
    """The order with these changes and its next version, to be written while it is locked."""
    values = {name: getattr(order, name) for name in RectificationOrder.model_fields}
    return RectificationOrder(**{**values, **changes, "version": order.version + 1})
