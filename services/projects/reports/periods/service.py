"""What a report of a period is made of: gathered and frozen once, counted again from what froze."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.auditing.rules.basis import DueRange
from services.projects.calendar import service as calendars
from services.projects.duties import service as duties
from services.projects.duties.ordinals import evidence_ordinals
from services.projects.duties.rules import seen_by, summarise
from services.projects.reports.models import Report
from services.projects.reports.periods import queries
from services.projects.reports.periods.queries import FrozenMoment
from services.projects.reports.rules import period_report
from services.projects.reports.rules import periods as rules
from services.projects.reports.rules import report as reporting
from services.projects.reports.rules.period_report import FrozenFacts
from services.projects.reports.rules.periods import Period
from services.projects.reports.rules.report import Counted
from shared.errors import Invalid, Text

_NOTHING = Text(
    "这一期没有到期的公开义务，无可监察，请换一期",
    "No duty fell due in this period; please choose another one",
)


async def gather(
    session: AsyncSession, moment: FrozenMoment, period: Period, worst: int
) -> tuple[Sequence[Counted], dict[str, Any]]:
    """Freeze the duties that fell due in the period; their counts, and what its report keeps.

    Of a past day they are judged as of that day, and so is the trend; `worst` says how many of the
    worst are named. Raises Invalid where nothing fell due.
    """
    all_periods = rules.with_earlier(period)
    ranges = await queries.due_ranges(session, all_periods)
    if moment.is_past:
        await auditing.judge_as_of(
            session, moment.report_id, moment.as_of, queries.widest(ranges[::-1])
        )
    counts = await queries.counts(session, ranges, moment if moment.is_past else None)
    if not counts[0]:
        raise Invalid(_NOTHING, pointer=f"/body/{period.kind}")
    known = await _known_then(session, moment, ranges[0]) if moment.is_past else ()
    await queries.freeze(session, moment, ranges[0], known)
    return counts[0], {
        "is_past": moment.is_past,
        "period": period_report.period_of(period),
        "trend": period_report.trend_of(all_periods, counts),
        "before": period_report.before_of(counts[1]) if len(counts) > 1 else {},
        **await _named(session, moment, period, worst),
    }


async def _known_then(
    session: AsyncSession, moment: FrozenMoment, due: DueRange
) -> list[dict[str, Any]]:
    """What was known by a past day of the publications that were looked at again since."""
    by_days = await queries.seen_since(session, moment, due)
    facts, calendar = await duties.facts_of(session, [*by_days]), await calendars.load(session)
    found = []
    for duty_id, of_duty in facts.items():
        evidence = summarise(seen_by(moment.at, of_duty), calendar)
        if evidence is not None:
            known = evidence_ordinals(evidence, None, by_days=by_days[duty_id], calendar=calendar)
            known |= {"trust": evidence.trust, "missing": len(evidence.missing_elements or ())}
            found.append({**known, "duty_id": duty_id})
    return found


async def _named(
    session: AsyncSession, moment: FrozenMoment, period: Period, worst: int
) -> dict[str, Any]:
    """What stands in the report as it was when it was frozen."""
    known_at = await queries.known_at(session, moment.report_id)
    duties = await queries.worst(session, moment.report_id, worst)
    last = await queries.last_report(session, period)
    return {
        "units": [
            unit._asdict() for unit in await queries.units(session, period, moment.report_id)
        ],
        "names": await queries.names(session, moment.report_id),
        "undated": await queries.undated(session, moment),
        "in_dispute": await queries.in_dispute(session, moment),
        "known_at": known_at and known_at.isoformat(),
        "worst": [reporting.worst_duty(duty) for duty in duties],
        "last": last and reporting.as_last(last.id, last.as_of, reporting.read_bytes(last.body)),
        "title": {
            "fields": await queries.fields(session, moment.report_id),
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
        },
    }


async def facts(session: AsyncSession, report_id: UUID) -> FrozenFacts:
    """What is counted of the rows that the report froze."""
    return FrozenFacts(
        groups=await queries.groups(session, report_id),
        used_days=await queries.used_days(session, report_id),
        merits=await queries.merits(session, report_id),
    )


async def counts_anew(session: AsyncSession, report: Report) -> Sequence[Counted]:
    """What the report counted, from the history."""
    return await queries.counts_anew(session, report)
