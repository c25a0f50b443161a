"""What reports of periods ask: how many fell due, and the rows that they froze."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules.basis import DueRange
from services.projects.auditing.rules.merit import LEFT_OUT, MeritCount
from services.projects.auditing.rules.scoring import OUTSIDE
from services.projects.reports.models import Report
from services.projects.reports.periods.statement import (
    COUNT,
    COUNTS,
    COUNTS_BY_HISTORY,
    COUNTS_BY_JUDGEMENT,
    DUE_RANGES,
    FIELDS,
    FREEZE,
    GROUPS,
    IN_DISPUTE,
    KNOWN_AT,
    MERITS,
    NAMES,
    PAST_COUNTS,
    PAST_FREEZE,
    ROWS,
    SEEN_SINCE,
    UNDATED,
    UNDATED_THEN,
    UNITS,
    USED_DAYS,
    WORST,
)
from services.projects.reports.queries import ReportedDuty, UnitName, last_first, not_withdrawn
from services.projects.reports.rules.period_report import Group, GroupCount, UsedDays
from services.projects.reports.rules.periods import Period
from services.projects.reports.rules.report import Counted


class Opened(NamedTuple):
    """Which of a report's duties are shown: of a unit, of verdicts, of a group of each kind."""

    unit: str | None = None
    verdicts: list[str] | None = None
    group: Group = Group()

    def values(self) -> dict[str, Any]:
        """As the statements take them."""
        return {"unit": self.unit, "verdicts": self.verdicts, **self.group._asdict()}


class FrozenMoment(NamedTuple):
    """A report that is frozen: of which day, by what was ruled until when, of the past or now."""

    report_id: UUID
    as_of: date
    at: datetime
    is_past: bool


async def due_ranges(session: AsyncSession, periods: Sequence[Period]) -> list[DueRange]:
    """The due ordinals of each period, by the calendar of now."""
    days = {"firsts": [one.first for one in periods], "lasts": [one.last for one in periods]}
    return [DueRange(**row) for row in (await session.execute(DUE_RANGES, days)).mappings()]


async def counts(
    session: AsyncSession, ranges: Sequence[DueRange], past: FrozenMoment | None = None
) -> list[list[Counted]]:
    """By unit and verdict what fell due in each range: as it stands, or as it was judged.

    The ranges follow one another without a gap, the last first (`periods.with_earlier`).
    """
    earliest_first = ranges[::-1]
    if past is None:
        found = await session.execute(COUNTS, _edges(earliest_first))
    else:
        given: dict[str, Any] = {
            f"{name}s": [getattr(one, name) for one in earliest_first] for name in DueRange._fields
        }
        given |= {"report_id": past.report_id, "at": past.at}
        found = await session.execute(PAST_COUNTS, given)
    of_range: dict[int, list[Counted]] = defaultdict(list)
    for place, *row in found:
        of_range[place].append(Counted(*row))
    return [of_range[place] for place in range(len(ranges), 0, -1)]


def _edges(earliest_first: Sequence[DueRange]) -> dict[str, Any]:
    """Where each range begins on either clock, and the whole of them."""
    first_ords = [one.after_ord + 1 for one in earliest_first]
    first_days = [one.first_day for one in earliest_first]
    return {
        **widest(earliest_first)._asdict(),
        "first_ords": first_ords,
        "first_days": first_days,
    }


def widest(earliest_first: Sequence[DueRange]) -> DueRange:
    """One range from the first of them to the last."""
    first, last = earliest_first[0], earliest_first[-1]
    return DueRange(first.after_ord, last.until_ord, first.first_day, last.last_day)


async def seen_since(
    session: AsyncSession, moment: FrozenMoment, due: DueRange
) -> dict[UUID, bool]:
    """The duties of the report of whose publication something was seen after its day, and whether
    their clock counts plain days."""
    values = {"report_id": moment.report_id, "at": moment.at}
    found = await session.execute(SEEN_SINCE, {**values, **due._asdict()})
    return {row.duty_id: row.by_days for row in found}


async def freeze(
    session: AsyncSession,
    moment: FrozenMoment,
    due: DueRange,
    known: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Keep the duties that fell due then as they are counted. `known` is what of publications that
    were looked at again since was known by a past day (a row each, as `PAST_FREEZE` reads it)."""
    values: dict[str, Any] = {**due._asdict(), "report_id": moment.report_id, "at": moment.at}
    values["as_of"] = moment.as_of
    if moment.is_past:
        await session.execute(PAST_FREEZE, {**values, "known": json.dumps(known, default=str)})
    else:
        await session.execute(FREEZE, values)


async def undated(session: AsyncSession, moment: FrozenMoment) -> dict[str, int]:
    """By unit, how many duties have no last day: they fall in no period."""
    if moment.is_past:
        values = {"as_of": moment.as_of, "at": moment.at}
        found = await session.execute(UNDATED_THEN, values)
    else:
        found = await session.execute(UNDATED, {"outside": [each.value for each in OUTSIDE]})
    return {unit: int(n) for unit, n in found}


async def counts_anew(session: AsyncSession, report: Report) -> list[Counted]:
    """What the report counted, from the history or from what was judged of the past day."""
    if report.inputs.get("is_past"):
        found = await session.execute(COUNTS_BY_JUDGEMENT, {"report_id": report.id})
    else:
        values = {"report_id": report.id, "last": report.last_verdict_event}
        found = await session.execute(COUNTS_BY_HISTORY, values)
    return [Counted(**row) for row in found.mappings()]


async def groups(session: AsyncSession, report_id: UUID) -> list[GroupCount]:
    """By project, item, phase, region and trust, and verdict."""
    found = await session.execute(GROUPS, {"report_id": report_id})
    return [GroupCount(**row) for row in found.mappings()]


async def used_days(session: AsyncSession, report_id: UUID) -> list[UsedDays]:
    """After how many working days what was published was, the fewest first."""
    found = await session.execute(USED_DAYS, {"report_id": report_id})
    return [UsedDays(**row) for row in found.mappings()]


async def merits(session: AsyncSession, report_id: UUID) -> list[MeritCount]:
    """By unit, how many duties are alike in all that the merit scheme goes by."""
    values = {"report_id": report_id, "left_out": [each.value for each in LEFT_OUT]}
    found = await session.execute(MERITS, values)
    return [
        MeritCount(
            **{
                **row,
                "verdict": Verdict(row["verdict"]),
                "rectified": row["rectified"] and Verdict(row["rectified"]),
            }
        )
        for row in found.mappings()
    ]


async def names(session: AsyncSession, report_id: UUID) -> dict[str, dict[str, list[str]]]:
    """What the projects, items and regions of the report are called now, in both languages."""
    found: dict[str, dict[str, list[str]]] = {"project": {}, "item": {}, "region": {}}
    for dimension, code, *words in await session.execute(NAMES, {"report_id": report_id}):
        found[dimension][code] = words
    return found


async def units(session: AsyncSession, period: Period, report_id: UUID) -> list[UnitName]:
    """The units that there were in the period, and those that have duties in the report."""
    values = {"first": period.first, "last": period.last, "report_id": report_id}
    return [UnitName(*row) for row in await session.execute(UNITS, values)]


async def in_dispute(session: AsyncSession, moment: FrozenMoment) -> dict[str, int]:
    """By unit, about how many findings of the report a dispute was open."""
    found = await session.execute(IN_DISPUTE, {"report_id": moment.report_id, "at": moment.at})
    return {unit: int(n) for unit, n in found}


async def fields(session: AsyncSession, report_id: UUID) -> list[str]:
    """Of which fields of the catalogue the report's duties are."""
    return list((await session.execute(FIELDS, {"report_id": report_id})).scalars())


async def known_at(session: AsyncSession, report_id: UUID) -> datetime | None:
    """When the last came to be known of what the report judges; None: all by its own day."""
    found = await session.execute(KNOWN_AT, {"report_id": report_id})
    return found.scalar_one()  # type: ignore[no-any-return]


async def rows(
    session: AsyncSession,
    report: Report,
    opened: Opened,
    *,
    after: UUID | None = None,
    offset: int = 0,
    limit: int,
) -> list[ReportedDuty]:
    """The duties behind a figure of the report, as they were frozen."""
    given: dict[str, Any] = {"report_id": report.id, "after": after}
    given |= {"limit": limit, "offset": offset}
    given |= {"frozen_at": report.frozen_at, **opened.values()}
    return [ReportedDuty(**row) for row in (await session.execute(ROWS, given)).mappings()]


async def count(session: AsyncSession, report: Report, opened: Opened) -> int:
    """How many duties are behind that figure."""
    values = {"report_id": report.id, **opened.values()}
    return int((await session.execute(COUNT, values)).scalar_one())


async def worst(session: AsyncSession, report_id: UUID, limit: int) -> list[ReportedDuty]:
    """What is missing for longest, then what came latest, of the report's duties."""
    wanted = Opened(verdicts=[Verdict.OVERDUE.value, Verdict.LATE.value])
    given: Mapping[str, Any] = {"report_id": report_id, "after": None, "offset": 0, "limit": limit}
    found = await session.execute(WORST, {**given, **wanted.values()})
    return [ReportedDuty(**row) for row in found.mappings()]


async def last_report(session: AsyncSession, period: Period) -> Report | None:
    """The report of the nearest earlier period of that kind that still counts, as of the latest
    day."""
    query = select(Report).where(
        Report.period_kind == period.kind, col(Report.to_on) < period.first, not_withdrawn()
    )
    nearest = query.order_by(col(Report.to_on).desc(), col(Report.as_of).desc(), *last_first())
    return (await session.exec(nearest.limit(1))).first()
