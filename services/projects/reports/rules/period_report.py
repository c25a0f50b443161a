"""The report of a period as data: what a report of a day says, of the duties that fell due in it,
by group, against earlier periods, and after how many days they were published. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules import merit, scoring
from services.projects.auditing.rules.merit import MeritCount
from services.projects.auditing.rules.scoring import Tally
from services.projects.reports.rules import report as reporting
from services.projects.reports.rules.periods import Period
from services.projects.reports.rules.report import Counted

TREND = ("due", "known", "on_time", "late", "overdue", "unknown", "rate", "coverage", "interval")


class Group(NamedTuple):
    """Which group of a report is opened, by its code; an empty code is that of those without."""

    project: str | None = None
    item: str | None = None
    phase: str | None = None
    region: str | None = None
    trust: str | None = None


class GroupCount(NamedTuple):
    """How many duties of a group stand so; the code is empty for those without a project, a phase,
    or, not being published, a level of trust."""

    dimension: str
    code: str
    verdict: str
    n: int
    over_by: int


class UsedDays(NamedTuple):
    """How many duties were published on that working day of their clock; 0 is its first day."""

    days: int
    n: int


class FrozenFacts(NamedTuple):
    """What else is counted of the rows that a report froze."""

    groups: Sequence[GroupCount]
    used_days: Sequence[UsedDays]
    merits: Sequence[MeritCount]


def period_of(period: Period) -> dict[str, str]:
    """The period as a report keeps it."""
    first, last = period.first.isoformat(), period.last.isoformat()
    return {"kind": str(period.kind), "from_on": first, "to_on": last}


def trend_of(
    periods: Sequence[Period], counts: Sequence[Iterable[Counted]]
) -> list[dict[str, Any]]:
    """What a report keeps of each period, the earliest first: how many duties stand where."""
    kept = []
    for period, counted in zip(periods, counts, strict=True):
        verdicts: dict[str, int] = {}
        for row in counted:
            verdicts[row.verdict] = verdicts.get(row.verdict, 0) + int(row.n)
        kept.append({**period_of(period), "verdicts": verdicts})
    return kept[::-1]


def before_of(counted: Iterable[Counted]) -> dict[str, dict[str, int]]:
    """The same of the period before, by unit."""
    found: dict[str, dict[str, int]] = {}
    for row in counted:
        of_unit = found.setdefault(row.unit_code, {})
        of_unit[row.verdict] = of_unit.get(row.verdict, 0) + int(row.n)
    return found


def compose(
    as_of: date,
    inputs: Mapping[str, Any],
    counts: Sequence[Counted],
    facts: FrozenFacts,
    evidence_root: str,
) -> dict[str, Any]:
    """The report's content; `inputs` as for a report of a day, with the period and what is kept of
    the periods before."""
    tallies = reporting.tallies(counts)
    content = reporting.compose(as_of, inputs, counts, evidence_root)
    policy = inputs["weights"]
    units = _scored(content["units"], facts.merits, inputs)
    return {
        **content,
        "units": [_line(line, inputs, policy) for line in _placed(units, tallies, inputs)],
        "merit_policy": {"weights": inputs["merit_weights"], "items": inputs["item_weights"]},
        "period": inputs["period"],
        "undated": sum(inputs["undated"].values()),
        "trend": [_trend_line(kept, policy) for kept in inputs["trend"]],
        "groups": _groups(facts.groups, inputs["names"], policy),
        "used_days": _used(facts.used_days),
    }


def _scored(
    units: Sequence[Mapping[str, Any]], merits: Iterable[MeritCount], inputs: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The lines with their points by merit, of the same duties as those by deduction."""
    of_unit: dict[str, list[MeritCount]] = {}
    for count in merits:
        of_unit.setdefault(count.unit_code, []).append(count)
    weights, items = inputs["merit_weights"], inputs["item_weights"]
    rule = inputs["versions"].get("merit_rule", 1)
    return [
        {**line, "merit_score": merit.score(of_unit.get(line["unit"], []), weights, items, rule)}
        for line in units
    ]


def _placed(
    units: Sequence[Mapping[str, Any]], tallies: Mapping[str, Tally], inputs: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The lines with their place among their peers: those of no group are one by themselves."""
    group_of = {unit: name for name, peers in inputs["peer_groups"].items() for unit in peers}
    peers: dict[str, dict[str, float | None]] = {}
    for line in units:
        tally = tallies.get(line["unit"], Tally())
        group = peers.setdefault(group_of.get(line["unit"], ""), {})
        group[line["unit"]] = scoring.sure(tally, inputs["weights"])
    places = {
        unit: place for group in peers.values() for unit, place in scoring.ranks(group).items()
    }
    return [
        {**line, "peer_group": group_of.get(line["unit"], ""), "peer_rank": places[line["unit"]]}
        for line in units
    ]


def _line(
    line: Mapping[str, Any], inputs: Mapping[str, Any], policy: Mapping[str, float]
) -> dict[str, Any]:
    """A unit's line with what falls in no period and with the period before."""
    before = inputs["before"].get(line["unit"])
    return {
        **line,
        "undated": inputs["undated"].get(line["unit"], 0),
        "before": before and _compared(_tally(before), policy),
    }


def _trend_line(kept: Mapping[str, Any], policy: Mapping[str, float]) -> dict[str, Any]:
    named = {name: kept[name] for name in ("kind", "from_on", "to_on")}
    return named | _compared(_tally(kept["verdicts"]), policy)


def _tally(verdicts: Mapping[str, int]) -> Tally:
    return Tally({Verdict(verdict): n for verdict, n in verdicts.items()})


def _compared(tally: Tally, policy: Mapping[str, float]) -> dict[str, Any]:
    figures = reporting.figures(tally, policy)
    return {name: figures[name] for name in TREND}


def _groups(
    counts: Iterable[GroupCount],
    names: Mapping[str, Mapping[str, Sequence[str]]],
    policy: Mapping[str, float],
) -> dict[str, list[dict[str, Any]]]:
    tallies: dict[str, dict[str, Tally]] = {dimension: {} for dimension in Group._fields}
    for row in counts:
        tally = tallies[row.dimension].setdefault(row.code, Tally())
        tally.add(Verdict(row.verdict), int(row.n), int(row.over_by))
    return {
        dimension: [
            _group(code, names.get(dimension, {}), tally, policy)
            for code, tally in sorted(of_code.items())
        ]
        for dimension, of_code in tallies.items()
    }


def _group(
    code: str, names: Mapping[str, Sequence[str]], tally: Tally, policy: Mapping[str, float]
) -> dict[str, Any]:
    name, name_en = names.get(code, ("", ""))
    return {"code": code, "name": name, "name_en": name_en, **reporting.figures(tally, policy)}


def _used(days: Sequence[UsedDays]) -> dict[str, Any]:
    return {
        "n": sum(int(one.n) for one in days),
        "median": _quantile(days, 50),
        "p90": _quantile(days, 90),
        "days": [[one.days, int(one.n)] for one in days],
    }


def _quantile(days: Sequence[UsedDays], percent: int) -> int | None:
    """The least number of days within which so many percent were published; None for none."""
    left = -(-sum(int(one.n) for one in days) * percent // 100)
    for one in days:
        left -= int(one.n)
        if left <= 0:
            return one.days
    return None
