"""Reports on second visits as the API gives them."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.second_visits import queries, rules
from services.appointments.second_visits.models import ReportState
from services.appointments.second_visits.queries import Shown
from services.appointments.second_visits.schemas import (
    ReportContent,
    SecondVisitReportSummary,
    SecondVisitReportView,
)
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

_SHOWN = SecondVisitReportSummary.model_fields.keys() - {"hall_name", "number", "signed_by"}


async def listed(
    session: AsyncSession,
    caller: Caller,
    paging: PageRequest,
    *,
    hall: str | None,
    state: ReportState | None,
) -> Page[SecondVisitReportSummary]:
    """Of the halls that the caller acts for, the newest first."""
    (before,) = paging.key(UUID) or (None,)
    rows = await queries.listed(
        session,
        halls=None if "*" in caller.places else sorted(caller.places),
        hall=hall,
        state=state,
        before=before,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda one: (one.report.id,), summary)


def summary(shown: Shown) -> SecondVisitReportSummary:
    """In a list."""
    return SecondVisitReportSummary(**_summary(shown))


def view_of(shown: Shown) -> SecondVisitReportView:
    """The whole report."""
    report = shown.report
    content = ReportContent.model_validate(report.content)
    return SecondVisitReportView(**_summary(shown), content=content, measures=report.measures)


def _summary(shown: Shown) -> dict[str, Any]:
    report = shown.report
    return {
        **{name: getattr(report, name) for name in _SHOWN},
        "hall_name": shown.hall_name,
        "number": rules.number(report),
        "signed_by": report.signed_name,
    }
