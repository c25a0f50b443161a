"""What reports ask: counts, names and rows, of today, of a past day, of the history."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, UnaryExpression, exists, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Reason, Verdict
from services.projects.reports.models import (
    PeriodKind,
    Report,
    ReportWithdrawal,
)
from services.projects.reports.rules.report import Counted
from services.projects.reports.statement import (
    ABOUT,
    COUNTS_AS_OF,
    HISTORY,
    IN_DISPUTE,
    KNOWN_AT,
    MARKS,
    NOTED_HASHES,
    PAST_ROWS,
    PAST_WORST,
    ROWS,
    SCHEME,
    SERIAL,
    TALLIES,
    UNITS,
    WORST,
)
from shared import clock


class Marks(NamedTuple):
    """How far the history went at a moment."""

    last_event: int
    last_fact: int
    catalogue_version: int


class UnitName(NamedTuple):
    code: str
    name: str
    name_en: str


class Scheme(NamedTuple):
    """Both schemes of a day, with the groups of peers."""

    version: int
    weights: dict[str, float]
    peer_groups: dict[str, list[str]]
    merit_version: int
    merit_weights: dict[str, float]
    item_weights: dict[str, float]


class ReportedDuty(NamedTuple):
    """A duty behind a figure of a report, as it stood then.

    `over_by` counts days of the duty's clock (`by_days`: plain days); `seen_at` is our own time,
    `claimed_at` what the page says. Of an overdue one `absence_evidence_ids` are the pages of the
    lists as they were read from `absent_at` on, by the walks that prove that it was not there, and
    `evidence_id` is the first of them.
    """

    duty_id: UUID
    unit_code: str
    verdict: Verdict
    reason: Reason
    known_at: datetime | None
    project_code: str | None
    subject: str | None
    project_name: str
    item_code: str
    item_name: str
    formed_on: date | None
    by_days: bool
    due_on: date | None
    over_by: int | None
    url: str | None
    claimed_at: datetime | None
    seen_at: datetime | None
    evidence_id: UUID | None
    absent_at: datetime | None
    absence_evidence_ids: Sequence[UUID] = ()


class About(NamedTuple):
    """What duties a report covers: since when, and of which fields of the catalogue."""

    first_on: date | None
    fields: list[str] | None


async def counts(session: AsyncSession) -> list[Counted]:
    """By unit and verdict: how many duties stand so now, and the days the late ones are over."""
    return [Counted(**row) for row in (await session.execute(TALLIES)).mappings()]


async def counts_at(session: AsyncSession, last_event: int) -> list[Counted]:
    """The same from the history, as it was after the verdict event `last_event`."""
    found = await session.execute(HISTORY, {"last": last_event})
    return [Counted(**row) for row in found.mappings()]


async def counts_as_of(session: AsyncSession, report_id: UUID) -> list[Counted]:
    """By unit and verdict, what `judge_as_of` found for that report."""
    found = await session.execute(COUNTS_AS_OF, {"report_id": report_id})
    return [Counted(**row) for row in found.mappings()]


async def known_at(session: AsyncSession, report_id: UUID) -> datetime | None:
    """When the last came to be known of what that report judges; None: all by its own day."""
    found = await session.execute(KNOWN_AT, {"report_id": report_id})
    return found.scalar_one()  # type: ignore[no-any-return]


async def marks(session: AsyncSession) -> Marks:
    """The last verdict event and fact, and the catalogue version in force."""
    return Marks(**(await session.execute(MARKS)).mappings().one())


async def units(session: AsyncSession, as_of: date) -> list[UnitName]:
    """The units that exist on that day, by code."""
    found = await session.execute(UNITS, {"as_of": as_of})
    return [UnitName(**row) for row in found.mappings()]


async def in_dispute(session: AsyncSession, at: datetime) -> dict[str, int]:
    """How many findings on each unit a dispute was open about at that moment."""
    found = await session.execute(IN_DISPUTE, {"at": at})
    return {row["unit_code"]: int(row["n"]) for row in found.mappings()}


async def scheme(session: AsyncSession, as_of: date) -> Scheme:
    """The schemes in force."""
    return Scheme(**(await session.execute(SCHEME, {"as_of": as_of})).mappings().one())


async def noted_hashes(session: AsyncSession) -> dict[UUID, frozenset[str]]:
    """What the audit log keeps of each report: its hash as it was frozen, and as it was signed."""
    found: dict[UUID, frozenset[str]] = {}
    for report_id, sha256 in await session.execute(NOTED_HASHES):
        found[report_id] = found.get(report_id, frozenset()) | {sha256}
    return found


async def reports(
    session: AsyncSession,
    after: tuple[datetime, UUID] | None,
    limit: int,
    kind: PeriodKind | None = None,
) -> Sequence[Report]:
    """Frozen reports, the newest first, after a (frozen_at, id)."""
    query = select(Report).order_by(*last_first())
    if kind is not None:
        query = query.where(Report.period_kind == kind)
    if after is not None:
        query = query.where(tuple_(col(Report.frozen_at), col(Report.id)) < after)
    return (await session.exec(query.limit(limit))).all()


async def rows_at(
    session: AsyncSession,
    report: Report,
    *,
    unit: str | None,
    verdicts: list[str] | None,
    after: UUID | None = None,
    offset: int = 0,
    limit: int,
) -> list[ReportedDuty]:
    """The duties behind a figure of a report, as they stood when it was frozen."""
    given: dict[str, Any] = {"unit": unit, "verdicts": verdicts, "after": after}
    given |= {"limit": limit, "offset": offset, "as_of": report.as_of}
    given |= {"at": report.frozen_at, "frozen_at": report.frozen_at}
    if report.inputs.get("is_past"):
        given["at"] = clock.day_start(report.as_of + timedelta(days=1))
        found = await session.execute(PAST_ROWS, {"report_id": report.id, **given})
    else:
        found = await session.execute(ROWS, {"last": report.last_verdict_event, **given})
    return [ReportedDuty(**row) for row in found.mappings()]


async def worst(
    session: AsyncSession, as_of: date, at: datetime, past_report: UUID | None, limit: int
) -> list[ReportedDuty]:
    """What is missing for longest, then what came latest: of now, or of a report on a past day."""
    verdicts = [Verdict.OVERDUE.value, Verdict.LATE.value]
    given: dict[str, Any] = {"as_of": as_of, "unit": None, "verdicts": verdicts, "after": None}
    given |= {"limit": limit, "offset": 0, "at": at}
    if past_report is not None:
        found = await session.execute(PAST_WORST, {"report_id": past_report, **given})
    else:
        found = await session.execute(WORST, given)
    return [ReportedDuty(**row) for row in found.mappings()]


async def about(session: AsyncSession, as_of: date) -> About:
    """What duties a report of that day covers."""
    return About(**(await session.execute(ABOUT, {"as_of": as_of})).mappings().one())


async def serial(session: AsyncSession, year: int) -> int:
    """The number of the next report of the year; under the turn, so that each is given once."""
    return int((await session.execute(SERIAL, {"year": year})).scalar_one())


async def last_report(session: AsyncSession, as_of: date) -> Report | None:
    """The report of the latest day up to that one that still counts: of the present day, where
    that was reported on already, else of the one before it."""
    query = select(Report).where(
        Report.as_of <= as_of, Report.period_kind == PeriodKind.DAY, not_withdrawn()
    )
    newest = query.order_by(col(Report.as_of).desc(), *last_first())
    return (await session.exec(newest.limit(1))).first()


def not_withdrawn() -> ColumnElement[bool]:
    """That a report still counts."""
    return ~exists().where(col(ReportWithdrawal.report_id) == col(Report.id))


def last_first() -> tuple[UnaryExpression[Any], UnaryExpression[Any]]:
    """The order of reports, the one that was frozen last in front."""
    return col(Report.frozen_at).desc(), col(Report.id).desc()
