"""Reports as they are frozen: gathered once, composed anew from the history to the same bytes."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.auditing.rules import merit
from services.projects.auditing.rules.judging import RULE_VERSION
from services.projects.calendar import service as calendars
from services.projects.evidence import service as evidence
from services.projects.reports import queries
from services.projects.reports.events import ReportFrozen
from services.projects.reports.models import PeriodKind, Report
from services.projects.reports.periods import service as periods
from services.projects.reports.periods.queries import FrozenMoment
from services.projects.reports.rules import period_report
from services.projects.reports.rules import report as reporting
from services.projects.reports.rules.periods import Period
from services.projects.reports.rules.report import Counted
from services.projects.reports.sealing import service as sealing
from shared import clock
from shared.errors import Invalid, Text
from shared.messaging import outbox

WORST_SHOWN = 10
"""So many of the worst duties stand at the head of a report."""

_NOTHING = Text(
    "这一天还没有任何公开义务，无可监察，请换一个日期",
    "There was nothing to publish yet on that day; please choose a later one",
)


async def freeze(
    session: AsyncSession, moment: FrozenMoment, now: datetime, city: Text, period: Period | None
) -> tuple[Report, int]:
    """The report of that day or period, frozen, and how many duties it counts. Raises Invalid for
    none."""
    marks = await queries.marks(session)
    inputs = await _inputs(session, moment.as_of, marks.catalogue_version)
    if period is not None:
        inputs["versions"] |= {"merit": inputs["merit_version"], "merit_rule": merit.RULE}
    if period is None:
        counts, more = await _gather(session, moment)
    else:
        counts, more = await periods.gather(session, moment, period, WORST_SHOWN)
    inputs |= more
    inputs["title"] |= {"city": city.zh, "city_en": city.en, **await _number(session, now)}
    inputs["captures_root"] = await evidence.root_as_of(session, now)
    report = Report(
        id=moment.report_id,
        as_of=moment.as_of,
        period_kind=period.kind if period else PeriodKind.DAY,
        from_on=period and period.first,
        to_on=period and period.last,
        frozen_at=now,
        last_verdict_event=marks.last_event,
        last_fact=marks.last_fact,
        inputs=inputs,
        body=b"",
        sha256="",
    )
    await sealing.extend(session, report.last_fact)
    [content] = await _contents(session, report, counts, inputs)
    report.body = reporting.to_bytes(content)
    report.sha256 = hashlib.sha256(report.body).hexdigest()
    session.add(report)
    await session.flush()
    await _publish_frozen(session, report, content["evidence_root"])
    return report, sum(row.n for row in counts)


async def _publish_frozen(session: AsyncSession, report: Report, evidence_root: str) -> None:
    frozen = ReportFrozen(
        report_id=report.id,
        as_of=report.as_of,
        sha256=report.sha256,
        evidence_root=evidence_root,
        frozen_at=report.frozen_at,
    )
    await outbox.record(session, frozen, subject=str(report.id))


async def _contents(
    session: AsyncSession,
    report: Report,
    counts: Sequence[Counted],
    *inputs: Mapping[str, Any],
    anew: bool = False,
) -> list[dict[str, Any]]:
    """What the report says, of its counts and what it froze, by each of these inputs; `anew`: by
    the facts themselves, and not by the roots that are kept of them."""
    root, as_of = await _root(session, report, anew=anew), report.as_of
    if report.period_kind is PeriodKind.DAY:
        return [reporting.compose(as_of, each, counts, root) for each in inputs]
    facts = await periods.facts(session, report.id)
    return [period_report.compose(as_of, each, counts, facts, root) for each in inputs]


async def composed(
    session: AsyncSession, report: Report, *inputs: Mapping[str, Any], anew: bool = False
) -> list[dict[str, Any]]:
    """What a frozen report would say by each of these inputs, of the facts that it counted."""
    counts = await _counts_anew(session, report)
    return await _contents(session, report, counts, *inputs, anew=anew)


async def _gather(
    session: AsyncSession, moment: FrozenMoment
) -> tuple[Sequence[Counted], dict[str, Any]]:
    """The counts of a report of a day, and what it keeps."""
    past: dict[str, Any] = {}
    if moment.is_past:
        counts, past = await _judge_as_of(session, moment)
    else:
        counts = await queries.counts(session)
    units = [unit._asdict() for unit in await queries.units(session, moment.as_of)]
    disputed = await queries.in_dispute(session, moment.at)
    return counts, past | {
        "units": units,
        "in_dispute": disputed,
        **await _head(session, moment),
    }


async def _judge_as_of(
    session: AsyncSession, moment: FrozenMoment
) -> tuple[Sequence[Counted], dict[str, Any]]:
    """What is counted of a past day, and what the report says of it."""
    await auditing.judge_as_of(session, moment.report_id, moment.as_of)
    counts = await queries.counts_as_of(session, moment.report_id)
    if not counts:
        raise Invalid(_NOTHING, pointer="/body/as_of")
    known_at = await queries.known_at(session, moment.report_id)
    return counts, {"is_past": True, "known_at": known_at and known_at.isoformat()}


async def _head(session: AsyncSession, moment: FrozenMoment) -> dict[str, Any]:
    """What stands at the head of a report: its title, the worst of its duties, the last report."""
    about = await queries.about(session, moment.as_of)
    past = moment.report_id if moment.is_past else None
    worst = await queries.worst(session, moment.as_of, moment.at, past, WORST_SHOWN)
    last = await queries.last_report(session, moment.as_of)
    return {
        "title": {
            "fields": about.fields or [],
            "from": about.first_on and about.first_on.isoformat(),
            "to": moment.as_of.isoformat(),
        },
        "worst": [reporting.worst_duty(duty) for duty in worst],
        "last": last and reporting.as_last(last.id, last.as_of, reporting.read_bytes(last.body)),
    }


async def _number(session: AsyncSession, now: datetime) -> dict[str, int]:
    year = clock.today(now).year
    return {"year": year, "serial": await queries.serial(session, year)}


async def _inputs(session: AsyncSession, as_of: date, catalogue_version: int) -> dict[str, Any]:
    scheme = await queries.scheme(session, as_of)
    return {
        "weights": scheme.weights,
        "peer_groups": scheme.peer_groups,
        "merit_version": scheme.merit_version,
        "merit_weights": scheme.merit_weights,
        "item_weights": scheme.item_weights,
        "columns": reporting.columns(),
        "has_unit_codes": True,
        "versions": {
            "calendar": await calendars.newest_version(session),
            "catalogue": catalogue_version,
            "rule": RULE_VERSION,
            "scheme": scheme.version,
        },
    }


async def _root(session: AsyncSession, report: Report, *, anew: bool) -> str:
    """One root over all facts and all captures up to the report."""
    over = sealing.facts_root_anew if anew else sealing.facts_root
    facts = await over(session, report.last_fact)
    return sealing.evidence_root(facts, report.inputs["captures_root"])


class RulesChanged(Exception):
    """A report by another version of the rules stands as it was frozen: it is not composed anew,
    and its rows are those of the history, grouped as they were (`counts_hold`).
    """


async def recompute(session: AsyncSession, report: Report) -> bytes:
    """The report's bytes again, from the history of verdicts and the facts up to its freezing.

    Raises RulesChanged.
    """
    if report.inputs["versions"]["rule"] != RULE_VERSION:
        raise RulesChanged
    [content] = await composed(session, report, report.inputs, anew=True)
    return reporting.to_bytes(content)


async def counts_hold(session: AsyncSession, report: Report) -> bool:
    """Whether a report by earlier rules counts what the history says, and rests on its evidence.

    Its verdicts stand in the history: no rule is asked again.
    """
    content = reporting.read_bytes(report.body)
    if "captures_root" in report.inputs:
        root = await _root(session, report, anew=True)
        if content["evidence_root"] != root:
            return False
    columns = report.inputs.get("columns") or reporting.columns()
    return reporting.counts_agree(content, await _counts_anew(session, report), columns)


async def _counts_anew(session: AsyncSession, report: Report) -> Sequence[Counted]:
    if report.period_kind is not PeriodKind.DAY:
        return await periods.counts_anew(session, report)
    if report.inputs.get("is_past"):
        return await queries.counts_as_of(session, report.id)
    return await queries.counts_at(session, report.last_verdict_event)
