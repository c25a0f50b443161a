"""The check that every frozen report still follows from the history, to the same bytes."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.reports import freezing, queries
from services.projects.reports.models import Report

REPORTS_A_PAGE = 50


@dataclass
class ReportsCheck:
    """How many reports were composed anew, how many stand by earlier rules, which differ."""

    composed: int = 0
    by_earlier_rules: int = 0
    changed: list[UUID] = field(default_factory=list)


async def verify(session: AsyncSession) -> ReportsCheck:
    """Every report, withdrawn ones too; of one by earlier rules only its seal."""
    found = ReportsCheck()
    after: tuple[datetime, UUID] | None = None
    while page := await queries.reports(session, after, REPORTS_A_PAGE):
        for report in page:
            await _verify(session, report, found)
        after = (page[-1].frozen_at, page[-1].id)
    return found


async def _verify(session: AsyncSession, report: Report, found: ReportsCheck) -> None:
    is_whole = hashlib.sha256(report.body).hexdigest() == report.sha256
    try:
        composed = await freezing.recompute(session, report)
    except freezing.RulesChanged:
        found.by_earlier_rules += 1
    else:
        found.composed += 1
        is_whole = is_whole and composed == report.body
    if not is_whole:
        found.changed.append(report.id)
