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
    """How many reports were composed anew, how many stand by earlier rules, how many have no line
    of the audit log that keeps their hash, and which differ."""

    composed: int = 0
    by_earlier_rules: int = 0
    unnoted: int = 0
    changed: list[UUID] = field(default_factory=list)


async def verify(session: AsyncSession) -> ReportsCheck:
    """Every report, withdrawn ones too: its bytes, or of one by earlier rules its counts and its
    evidence; and that it is the one which was noted when it was frozen and signed.

    Who can write a report's row can write its hash beside it, but not the chain of the audit log,
    which `verify_audit_log` proves.
    """
    found = ReportsCheck()
    noted = await queries.noted_hashes(session)
    after: tuple[datetime, UUID] | None = None
    while page := await queries.reports(session, after, REPORTS_A_PAGE):
        for report in page:
            await _verify(session, report, noted.get(report.id, frozenset()), found)
        after = (page[-1].frozen_at, page[-1].id)
    return found


async def _verify(
    session: AsyncSession, report: Report, noted: frozenset[str], found: ReportsCheck
) -> None:
    is_whole = hashlib.sha256(report.body).hexdigest() == report.sha256
    is_whole = is_whole and noted <= {report.sha256}
    found.unnoted += not noted
    try:
        composed = await freezing.recompute(session, report)
    except freezing.RulesChanged:
        found.by_earlier_rules += 1
        is_whole = is_whole and await freezing.counts_hold(session, report)
    else:
        found.composed += 1
        is_whole = is_whole and composed == report.body
    if not is_whole:
        found.changed.append(report.id)
