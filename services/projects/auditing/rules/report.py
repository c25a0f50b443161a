"""The unit report (监察报表) as data: composed from counts, canonical bytes, CSV. Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules import scoring
from services.projects.auditing.rules.scoring import Tally
from shared.web import spreadsheets

COLUMNS = {
    "due": "应公开",
    "on_time": "按时",
    "late": "逾期后公开",
    "overdue": "逾期未公开",
    "early": "提前公开",
    "incomplete": "要素不全",
    "withdrawn": "已撤下",
    "unknown": "不明",
    "due_soon": "即将到期",
    "pending": "未到期",
    "outside": "不计入",
}
"""Counts of a line, in order: `due` is the sum of those from `on_time` to `unknown`."""


class Counted(NamedTuple):
    """How many duties of a unit stand so, and by how many days the late ones are over."""

    unit_code: str
    verdict: str
    n: int
    over_by: int


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
    weights = inputs["weights"]
    of_unit = {unit["code"]: found.get(unit["code"], Tally()) for unit in inputs["units"]}
    scores = {code: scoring.score(tally, weights) for code, tally in of_unit.items()}
    places = scoring.ranks(scores)
    lines = [
        {
            "unit": unit["code"],
            "name": unit["name"],
            "name_en": unit["name_en"],
            **_counts(of_unit[unit["code"]]),
            "rate": scoring.rate(of_unit[unit["code"]]),
            "score": scores[unit["code"]],
            "rank": places[unit["code"]],
            "light": scoring.light(of_unit[unit["code"]]),
        }
        for unit in inputs["units"]
    ]
    return {
        "as_of": as_of.isoformat(),
        "units": lines,
        "totals": _totals(of_unit.values()),
        "versions": inputs["versions"],
        "evidence_root": evidence_root,
    }


def _counts(tally: Tally) -> dict[str, int]:
    return {"due": tally.due} | {name: tally.of(*kinds) for name, kinds in VERDICTS.items()}


def _totals(of_unit: Iterable[Tally]) -> dict[str, Any]:
    whole = Tally()
    for tally in of_unit:
        for verdict, n in tally.verdicts.items():
            whole.add(verdict, n, 0)
    return {**_counts(whole), "rate": scoring.rate(whole)}


def to_bytes(content: Mapping[str, Any]) -> bytes:
    """The one way to write the report down, so that equal reports are equal bytes."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def read_bytes(body: bytes) -> dict[str, Any]:
    """The content of a report's bytes."""
    content: dict[str, Any] = json.loads(body)
    return content


def to_csv(content: Mapping[str, Any]) -> bytes:
    """The report for spreadsheets: UTF-8 with a mark, Chinese headings, a line a unit."""
    heads = ["公开主体代码", "公开主体", *COLUMNS.values(), "按时率", "得分", "排名", "灯"]
    rows = []
    for line in content["units"]:
        numbers = [line[name] for name in COLUMNS]
        shown = ["" if line[key] is None else line[key] for key in ("rate", "score", "rank")]
        rows.append([line["unit"], line["name"], *numbers, *shown, line["light"]])
    return spreadsheets.to_csv(heads, rows)
