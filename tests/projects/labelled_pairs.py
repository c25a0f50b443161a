"""Pairs of a page's title and a duty with the right answer, and what the matcher makes of them.

`labelled_pairs.tsv` has a line for each: whether the page publishes the duty (`yes` or `no`), why
it is in the set, whose portal the page is on (the duty's unit's `own` or an `other` one), the
column and the title as they stood on the web, the project as the register calls it, its other
names, the item, and where the title is from. Titles are real. Names of projects are those of the
titles or of the notices below them, of another project of the same portal or of another unit's, of
a region's list of key projects, or what a register may call the same one, another phase, another
section or another place.

A page of a part (a section, a contract for supervision or design) does not publish the duty of the
whole; what corrects, ends or only prepares a decision does not publish it.

`python -m tests.projects.labelled_pairs` prints the table of docs/matching.md.
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from services.projects.auditing.rules.scoring import wilson
from services.projects.matching.rules import Candidate, PageFacts, propose
from services.projects.reading.cues import item_codes, own_words
from services.projects.reading.rule import ItemCue

DATA = Path(__file__).with_name("labelled_pairs.tsv")
GRID = [step / 20 for step in range(6, 19)]
FOUND_AT_LEAST = 0.98
"""The share of the right pairs of the one half that have to come before a person at least."""

REPORTED_ON = frozenset(
    {
        "采招网四川列表 2026-02-02",
        "广东省公共资源交易平台 2026",
        "广东省政府采购网 2025",
        "福建省政府采购网 2026-06-29",
        "河南政府采购公告样本",
        "吉林省公共资源交易平台四平 2018",
        "济南公共资源交易平台 2018",
        "酒泉市公共资源交易平台 2018",
        "徐州市公共资源交易平台 2018-05",
        "连云港市公共资源交易平台 2018",
        "上海市建设工程交易平台 2018-08",
        "湛江市公共资源交易平台 2018-08",
        "宁波市公共资源交易平台 2018-08",
        "全国公共资源交易平台北京 2018-08",
        "朔州市公共资源交易平台 2018",
        "娄底市公共资源交易平台 2018",
        "银川市公共资源交易平台 2018",
        "兰州市公共资源交易平台 2018-08",
        "西宁市公共资源交易平台 2018-08",
    }
)
"""The sources whose pairs report; by those of the others the threshold and the rules are chosen."""

CUES = [
    ItemCue(item_code="MP-02-01", words=["建议书", "立项"]),
    ItemCue(item_code="MP-02-02", words=["可行性研究", "可研"]),
    ItemCue(item_code="MP-02-03", words=["初步设计"]),
    ItemCue(item_code="MP-02-04", words=["核准"]),
    ItemCue(item_code="MP-02-10", columns=["环评审批"], words=["环境影响", "环评"]),
    ItemCue(item_code="MP-02-12", words=["建设工程规划许可", "规划批前"]),
    ItemCue(item_code="MP-02-13", words=["施工许可"]),
    ItemCue(
        item_code="MP-03-01", columns=["招标/资审公告"], words=["招标公告", "采购公告", "磋商公告"]
    ),
    ItemCue(item_code="MP-03-02", columns=["交易结果公示"], words=["候选人", "评标结果", "预中标"]),
    ItemCue(
        item_code="MP-03-04",
        columns=["交易结果公示"],
        words=["中标结果", "中标公告", "中标公示", "结果公告", "成交公示"],
    ),
    ItemCue(item_code="MP-03-05", columns=["合同公告"], words=["合同公告"]),
    ItemCue(item_code="MP-08-01", columns=["重点项目建设"], words=["竣工验收"]),
]
"""How the portals of the set show which item a page is of."""


class LabelledPair(NamedTuple):
    label: str
    kind: str
    unit: str
    column: str
    title: str
    project: str
    aliases: str
    item: str
    source: str

    @property
    def is_right(self) -> bool:
        return self.label == "yes"

    @property
    def is_for_choosing(self) -> bool:
        """By the source: what was seen of one portal says nothing of another one's titles."""
        return self.source not in REPORTED_ON


class Answer(NamedTuple):
    """What the matcher says of a pair: nothing, for a person, or by itself; and how alike it is."""

    is_automatic: bool
    is_found: bool
    score: float


def read() -> list[LabelledPair]:
    with DATA.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        assert next(lines) == list(LabelledPair._fields)
        return [LabelledPair(*line) for line in lines]


def answer(pair: LabelledPair) -> Answer:
    """Of the pair alone: what else is registered could only speak against a match."""
    items = item_codes(CUES, pair.column, pair.title)
    unit = "D01" if pair.unit == "own" else "D02"
    words = own_words(CUES, items)
    page = PageFacts(unit, pair.title, None, None, None, None, items, None, words)
    aliases = [alias for alias in pair.aliases.split(";") if alias]
    duty = Candidate(UUID(int=1), "D01", "-", pair.project, pair.item, None, None, aliases)
    found = propose(page, [duty], like_enough=0.0)
    if not found:
        return Answer(is_automatic=False, is_found=False, score=0.0)
    [proposal] = found
    return Answer(proposal.reason is None, proposal.score > 0, proposal.score)


@cache
def answers() -> list[tuple[LabelledPair, Answer]]:
    return [(pair, answer(pair)) for pair in read()]


class Share(NamedTuple):
    part: int
    whole: int

    def __str__(self) -> str:
        low, high = wilson(self.part, self.whole) if self.whole else (0.0, 1.0)
        share = self.part / self.whole if self.whole else 0.0
        return f"{self.part}/{self.whole} = {share:.1%} ({low:.1%}–{high:.1%})"


class Figures(NamedTuple):
    """Precision and recall of what the matcher decides by itself, and of all that it finds."""

    automatic_precision: Share
    automatic_recall: Share
    found_precision: Share
    found_recall: Share


def figures(given: Iterable[tuple[LabelledPair, Answer]], like_enough: float) -> Figures:
    known = list(given)
    right = sum(pair.is_right for pair, _ in known)
    automatic = [pair for pair, said in known if said.is_automatic]
    found = [pair for pair, said in known if said.is_found and said.score >= like_enough]
    sure, right_found = (sum(pair.is_right for pair in which) for which in (automatic, found))
    return Figures(
        Share(sure, len(automatic)),
        Share(sure, right),
        Share(right_found, len(found)),
        Share(right_found, right),
    )


def choose(given: Sequence[tuple[LabelledPair, Answer]]) -> float:
    """The highest threshold by which enough of the right pairs are found: what is not found would
    be called unpublished, what is found in vain costs a person a look."""
    enough = [
        like_enough
        for like_enough in GRID
        if (recall := figures(given, like_enough).found_recall).part
        >= FOUND_AT_LEAST * recall.whole
    ]
    return max(enough, default=GRID[0])


def halves() -> tuple[list[tuple[LabelledPair, Answer]], list[tuple[LabelledPair, Answer]]]:
    """That by which the threshold is chosen, and that on which it is reported."""
    chosen_by = [each for each in answers() if each[0].is_for_choosing]
    return chosen_by, [each for each in answers() if not each[0].is_for_choosing]


def table() -> str:
    """The table of docs/matching.md."""
    chosen_by, reported_on = halves()
    like_enough = choose(chosen_by)
    result = figures(reported_on, like_enough)
    right = {pair.kind: [0, 0, 0] for pair, _ in answers()}
    for pair, said in answers():
        is_found = said.is_found and said.score >= like_enough
        for at, is_so in enumerate((True, said.is_automatic, is_found)):
            right[pair.kind][at] += is_so
    labels = {pair.kind: pair.label for pair, _ in answers()}
    kinds = sorted(right, key=lambda kind: (labels[kind] == "no", -right[kind][0], kind))
    lines = [
        f"| threshold chosen on {len(chosen_by)} pairs | {like_enough:.2f} |",
        "| --- | --- |",
        f"| reported on | {len(reported_on)} other pairs |",
        f"| automatic, precision | {result.automatic_precision} |",
        f"| automatic, recall | {result.automatic_recall} |",
        f"| found (automatic or for a person), precision | {result.found_precision} |",
        f"| found, recall | {result.found_recall} |",
        "",
        "| all pairs | right | pairs | automatic | found |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {kind} | {labels[kind]} | {' | '.join(map(str, right[kind]))} |" for kind in kinds),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
