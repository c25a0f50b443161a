"""Which row of a page is which is found with work that grows as the rows do."""

import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest

from services.projects.collecting import pairing, row_rules
from services.projects.collecting.models import PortalPage
from services.projects.reading.tables import Record
from shared import clock

PROJECT = "2512-320000-04-01-123456"
ONE, ANOTHER, THIRD = "甲工程", "乙工程", "丙工程"
SEEN_AT = clock.now()

Rows = list[dict[str, str]]


def cells(**given: str) -> dict[str, str]:
    heads = {"code": "项目代码", "name": "项目名称", "doc_no": "批复文号", "said": "建设内容"}
    return {heads[key]: value for key, value in given.items()}


def numbers(count: int) -> Rows:
    """Of one project, each with its number."""
    return [cells(code=PROJECT, name=ONE, doc_no=f"宁发改〔2026〕{n}号") for n in range(count)]


def renamed(count: int) -> Rows:
    return [{**row, "项目名称": ANOTHER} for row in numbers(count)]


def bare(count: int, word: str = "") -> Rows:
    """Of one project, without numbers."""
    return [cells(code=PROJECT, name=ONE, said=f"{n}{word}") for n in range(count)]


def corrected(count: int) -> Rows:
    return bare(count, "更正")


def nameless(count: int) -> Rows:
    return [cells(name=ONE, said=str(n)) for n in range(count)]


def with_codes(count: int) -> Rows:
    """Of one name, each with a code that it did not have before."""
    return [
        cells(code=f"2512-320000-04-01-{n:06}", name=ONE, said=f"{n}更正") for n in range(count)
    ]


def same(count: int) -> Rows:
    return [cells(name=ONE, said="一") for _ in range(count)]


def page() -> PortalPage:
    return PortalPage(
        portal_id="p",
        url="https://example.gov.cn/a.htm",
        title="",
        first_seen_at=SEEN_AT,
        content_seen_at=SEEN_AT,
        last_listed_at=SEEN_AT,
    )


def records_of(rows: Rows) -> list[Record]:
    return [Record(row, " ".join(row.values())) for row in rows]


def kept(records: Sequence[Record], age: timedelta = timedelta()) -> list[PortalPage]:
    """The records as rows of a page that were seen so long ago."""
    came = row_rules.Bracket(SEEN_AT - age, None)
    rows = [row_rules.new_row(page(), f"#{at}", came) for at in range(len(records))]
    for row, record in zip(rows, records, strict=True):
        row_rules.take_over(row, page(), record)
    return rows


def steps(work: Callable[[], object]) -> int:
    """How many steps the interpreter takes for it: the same number on any machine."""
    taken, tracing = 0, sys.gettrace()

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal taken
        frame.f_trace_opcodes = True
        taken += event == "opcode"
        return count

    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(tracing)
    return taken


@pytest.mark.parametrize(
    ("before", "now"),
    [(numbers, renamed), (bare, corrected), (nameless, with_codes), (same, same)],
)
def test_twice_the_rows_are_twice_the_work(
    before: Callable[[int], Rows], now: Callable[[int], Rows]
) -> None:
    def work_of(count: int) -> int:
        known, records = kept(records_of(before(count))), records_of(now(count))
        new = kept(records)

        def work() -> None:
            pairing.date_back(new, pairing.pair(known, records).unclear)
            row_rules.addresses("https://example.gov.cn/a.htm", records, ())

        return steps(work)

    assert work_of(80) < 2.3 * work_of(40)


@pytest.mark.parametrize(
    ("row", "is_alike"),
    [
        (cells(code=PROJECT, name=ANOTHER), True),
        (cells(name=ONE), True),
        (cells(code="2512-320000-04-01-000009", name=ONE), False),
        (cells(name=THIRD), False),
        (cells(said="一"), False),
        (cells(code=PROJECT, doc_no="宁发改〔2026〕9号"), False),
    ],
)
def test_only_a_row_of_the_same_code_or_name_is_as_old_as_unclear_ones(
    row: dict[str, str], is_alike: bool
) -> None:
    marks = {"code": PROJECT, "name": ONE, "doc_no": "宁发改〔2026〕8号"}
    young = kept(records_of([cells(**marks)]), timedelta(days=1))
    old = kept(records_of([cells(**marks)]), timedelta(days=2))
    nameless = kept(records_of([cells(said="二")]), timedelta(days=3))
    [new] = kept(records_of([row]))
    pairing.date_back([new], [*young, *old, *nameless])
    assert new.content_seen_at == (old[0].content_seen_at if is_alike else SEEN_AT)


def test_of_rows_that_one_may_be_the_first_that_stands_is_taken() -> None:
    [gone, stands] = kept(records_of(same(2)))
    gone.gone_at = SEEN_AT
    found = pairing.pair([gone, stands], records_of(same(3)))
    assert (found.rows, found.lost, found.unclear) == ([stands, gone, None], [], [])
