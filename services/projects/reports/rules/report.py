"""The unit report (监察报表) as data: composed from counts, canonical bytes, CSV. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules import scoring
from services.projects.auditing.rules.scoring import Tally
from shared.errors import Text
from shared.web import spreadsheets

COLUMNS = {
    "due": Text("应公开", "due"),
    "on_time": Text("按时", "on time"),
    "late": Text("逾期后公开", "published late"),
    "overdue": Text("逾期未公开", "overdue"),
    "early": Text("提前公开", "early"),
    "incomplete": Text("要素不全", "incomplete"),
    "withdrawn": Text("已撤下", "withdrawn"),
    "unknown": Text("不明", "unknown"),
    "due_soon": Text("即将到期", "due soon"),
    "pending": Text("未到期", "not due yet"),
    "outside": Text("不计入", "not counted"),
}
"""Counts of a line, in order: `due` is the sum of those from `on_time` to `unknown`."""


RATES = {
    "known": Text("结论已知", "known verdicts"),
    "rate": Text("按时率", "rate on time"),
    "coverage": Text("覆盖率", "coverage"),
    "low": Text("区间下限", "interval from"),
    "high": Text("区间上限", "interval to"),
    "score": Text("得分", "score"),
    "rank": Text("排名", "rank"),
    "light": Text("灯", "light"),
    "in_dispute": Text("异议处理中", "in dispute"),
}
"""What follows the counts of a line."""
OF_PERIODS = {
    "merit_score": Text("得分制得分", "points by merit"),
    "peer_group": Text("排名分组", "peers"),
    "peer_rank": Text("组内排名", "place among peers"),
    "undated": Text("无到期日", "without a last day"),
}
"""What a line of a report of a period has besides."""
_UNIT_COLUMNS = Text("公开主体代码", "unit code"), Text("公开主体", "unit")


class Counted(NamedTuple):
    """How many duties of a unit stand so, and by how many days the late ones are over."""

    unit_code: str
    verdict: str
    n: int
    over_by: int


POLICY = ("min_n", "min_coverage", "green_from", "yellow_from")
"""What of the scheme decides places and lights, printed in the report."""

VERDICTS: dict[str, tuple[Verdict, ...]] = {
    "on_time": (Verdict.ON_TIME,),
    "late": (Verdict.LATE,),
    "overdue": (Verdict.OVERDUE,),
    "early": (Verdict.EARLY_VIOLATION,),
    "incomplete": (Verdict.INCOMPLETE,),
    "withdrawn": (Verdict.WITHDRAWN,),
    "unknown": scoring.UNKNOWN,
    "due_soon": (Verdict.DUE_SOON,),
    "pending": (Verdict.PENDING, Verdict.CALENDAR_UNKNOWN),
    "outside": scoring.OUTSIDE,
}
"""Which verdicts a column counts."""


def columns() -> dict[str, list[str]]:
    """Which verdicts each column counts now: a report keeps them, to be opened as it counted."""
    return {name: [str(verdict) for verdict in kinds] for name, kinds in VERDICTS.items()}


def tallies(counts: Iterable[Counted]) -> dict[str, Tally]:
    """The counts by unit."""
    found: dict[str, Tally] = {}
    for row in counts:
        tally = found.setdefault(row.unit_code, Tally())
        tally.add(Verdict(row.verdict), int(row.n), int(row.over_by))
    return found


def compose(
    as_of: date, inputs: Mapping[str, Any], counts: Iterable[Counted], evidence_root: str
) -> dict[str, Any]:
    """The report's content. `inputs` holds the units' names, the weights and the versions."""
    found = tallies(counts)
    policy = inputs["weights"]
    of_unit = {unit["code"]: found.get(unit["code"], Tally()) for unit in inputs["units"]}
    places = scoring.ranks({code: scoring.sure(tally, policy) for code, tally in of_unit.items()})
    lines = [
        {
            **unit,
            **figures(of_unit[unit["unit"]], policy),
            "score": scoring.score(of_unit[unit["unit"]], policy),
            "rank": places[unit["unit"]],
            "light": scoring.light(of_unit[unit["unit"]], policy),
            "in_dispute": inputs["in_dispute"].get(unit["unit"], 0),
        }
        for unit in (_named(unit, inputs) for unit in inputs["units"])
    ]
    return {
        "as_of": as_of.isoformat(),
        "known_at": inputs.get("known_at"),
        **{name: inputs[name] for name in ("title", "worst", "last") if name in inputs},
        "units": lines,
        "totals": _totals(of_unit.values(), policy),
        "policy": {name: policy[name] for name in POLICY},
        "versions": inputs["versions"],
        "evidence_root": evidence_root,
    }


def counts_agree(
    content: Mapping[str, Any], counts: Sequence[Counted], columns: Mapping[str, Sequence[str]]
) -> bool:
    """Whether each line, and their sum, has in each of its columns as many as are counted of the
    verdicts that it held then. What was no column of it is not asked."""
    found: Counter[tuple[str, str]] = Counter()
    whole: Counter[str] = Counter()
    for row in counts:
        for column in (name for name, verdicts in columns.items() if row.verdict in verdicts):
            found[row.unit_code, column] += int(row.n)
    for line in content["units"]:
        for column in columns:
            n = found[line["unit"], column]
            whole[column] += n
            if line.get(column, n) != n:
                return False
    totals = content["totals"]
    return all(totals.get(name, whole[name]) == whole[name] for name in columns)


def _named(unit: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Its code under the name that it has everywhere, beside the one that it had; a report from
    before keeps its bytes."""
    code = {"unit_code": unit["code"]} if inputs.get("has_unit_codes") else {}
    return {**code, "unit": unit["code"], "name": unit["name"], "name_en": unit["name_en"]}


def figures(tally: Tally, policy: Mapping[str, float]) -> dict[str, Any]:
    """The counts, and the rate with all that says how far it carries."""
    counts = {name: tally.of(*kinds) for name, kinds in VERDICTS.items()}
    return {
        "due": tally.due,
        "known": tally.known,
        **counts,
        "rate": scoring.rate(tally),
        "coverage": scoring.coverage(tally),
        "interval": scoring.interval(tally),
        "n": tally.known,
        "min_n": int(policy["min_n"]),
    }


def _totals(of_unit: Iterable[Tally], policy: Mapping[str, float]) -> dict[str, Any]:
    whole = Tally()
    for tally in of_unit:
        for verdict, n in tally.verdicts.items():
            whole.add(verdict, n, 0)
    return figures(whole, policy)


class Judged(Protocol):
    """A duty of a report as its head names it."""

    @property
    def duty_id(self) -> UUID: ...
    @property
    def unit_code(self) -> str: ...
    @property
    def project_name(self) -> str: ...
    @property
    def item_name(self) -> str: ...
    @property
    def verdict(self) -> str: ...
    @property
    def due_on(self) -> date | None: ...
    @property
    def over_by(self) -> int | None: ...
    @property
    def by_days(self) -> bool: ...


def worst_duty(duty: Judged) -> dict[str, Any]:
    """A duty that is over its limit, as the head of a report keeps it."""
    return {
        "duty_id": str(duty.duty_id),
        "unit": duty.unit_code,
        "project": duty.project_name,
        "item": duty.item_name,
        "verdict": duty.verdict,
        "due_on": duty.due_on and duty.due_on.isoformat(),
        "over_by": duty.over_by,
        "by_days": duty.by_days,
    }


def as_last(report_id: UUID, as_of: date, content: Mapping[str, Any]) -> dict[str, Any]:
    """What a report keeps of the one before, to compare with."""
    lines = {line["unit"]: line["light"] for line in content["units"]}
    totals = {name: content["totals"].get(name) for name in (*COLUMNS, "known", "rate")}
    return {"id": str(report_id), "as_of": as_of.isoformat(), "totals": totals, "lights": lines}


def to_bytes(content: Mapping[str, Any]) -> bytes:
    """The one way to write the report down, so that equal reports are equal bytes."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def read_bytes(body: bytes) -> dict[str, Any]:
    """The content of a report's bytes."""
    content: dict[str, Any] = json.loads(body)
    return content


def to_csv(content: Mapping[str, Any], language: str) -> bytes:
    """The report for spreadsheets: UTF-8 with a mark, headings in the language, a line a unit."""
    more = OF_PERIODS if content.get("period") else {}
    named = (*_UNIT_COLUMNS, *COLUMNS.values(), *RATES.values(), *more.values())
    heads = [head.say(language) for head in named]
    rows = []
    for line in content["units"]:
        low, high = line.get("interval") or (None, None)
        shown = {**line, "low": low, "high": high}
        cells = [shown.get(name) for name in (*COLUMNS, *RATES, *more)]
        blank = ["" if cell is None else cell for cell in cells]
        rows.append([line["unit"], line["name"], *blank])
    return spreadsheets.to_csv(heads, rows)
