"""Tables of pages: forms say what the page decides, records are publications each."""

from datetime import UTC, date, datetime

import pytest

from services.projects.reading.details import PageReading, read_page
from services.projects.reading.faults import SourceFault
from services.projects.reading.rule import DetailRule
from tests.projects.unruly_portal import table

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
CODES = tuple(f"2605-359900-44-05-52364{n}" for n in range(5))
HEADS = ["序号", "项目名称", "项目代码", "批复文号", "批复时间", "备注"]
ROWS = [
    [f"{n}", f"工程{n}号大桥", code, f"宁发改〔2026〕{n}号", f"2026-03-0{n}", ""]
    for n, code in enumerate(CODES, 1)
]


def read(body: str, rule: DetailRule | None = None) -> PageReading:
    return read_page(f"<body>{body}</body>", "https://a.gov.cn/1.htm", rule or DetailRule(), NOW)


def found(reading: PageReading) -> list[tuple[str | None, str | None, str | None, date | None]]:
    return [(each.name, each.code, each.doc_no, each.formed_on) for each in reading.records]


EXPECTED = [
    (f"工程{n}号大桥", code, f"宁发改〔2026〕{n}号", date(2026, 3, n))
    for n, code in enumerate(CODES, 1)
]


def test_each_row_under_the_heads_is_a_record_and_nothing_of_it_is_the_pages() -> None:
    reading = read(table(ROWS, heads=HEADS))
    assert found(reading) == EXPECTED
    facts = reading.facts
    assert (facts.project_code, facts.doc_no, facts.formed_on, facts.project_name) == (None,) * 4


def test_the_title_of_a_table_repeated_heads_and_sums_are_no_records() -> None:
    whole = table([HEADS, *ROWS[:2], HEADS, *ROWS[2:], ["合计", "5个", "", "", "", ""]], heads=[""])
    titled = whole.replace("<td></td>", "<td colspan=6>批复情况一览表</td>", 1)
    assert found(read(titled)) == EXPECTED


@pytest.mark.parametrize(
    ("heads", "cells", "doc_no"),
    [
        ("建设项目|代码|证号|日期", "{name}|{code}|{n}7|2026-03-01", True),
        ("项目名称（代码）|发证日期", "{name}（{code}）|2026-03-01", False),
        ("序号|工程名称及项目代码|许可证编号", "{n}|{name} {code}|{n}7", True),
        ("项目名称|代码", "{name}|{code}", False),
        ("投资项目|统一代码|施工许可证编号", "{name}|项目代码：{code}|{n}7", True),
    ],
)
def test_heads_name_projects_and_codes_in_many_ways(heads: str, cells: str, doc_no: bool) -> None:
    names = [(f"工程{n}号大桥", code, n) for n, code in enumerate(CODES, 1)]
    rows = [cells.format(name=name, code=code, n=n).split("|") for name, code, n in names]
    records = read(table(rows, heads=heads.split("|"))).records
    expected = [(name, code, f"{n}7" if doc_no else None) for name, code, n in names]
    assert [(each.name, each.code, each.doc_no) for each in records] == expected


@pytest.mark.parametrize("heads", [["项目", "内容"], ["代码", "数量"]])
def test_a_table_of_what_a_project_has_is_no_table_of_projects(heads: list[str]) -> None:
    rows = [["建设地点", "城东"], ["建设规模", "两千平方米"]]
    assert read(table(rows, heads=heads).replace("td", "th", 4)).records == ()


def test_a_merged_cell_belongs_to_every_row_that_it_reaches() -> None:
    html = (
        "<table><tr><th>项目名称</th><th>项目代码</th><th>批复文号</th></tr>"
        f"<tr><td rowspan=2>甲大桥工程</td><td rowspan=2>{CODES[0]}</td>"
        "<td>宁发改〔2026〕1号</td></tr>"
        "<tr><td>宁发改〔2026〕2号</td></tr></table>"
    )
    assert found(read(html)) == [
        ("甲大桥工程", CODES[0], "宁发改〔2026〕1号", None),
        ("甲大桥工程", CODES[0], "宁发改〔2026〕2号", None),
    ]


FORMS = {
    "two columns": [["项目名称", "甲大桥工程"], ["项目代码", CODES[0]], ["批复时间", "2026-03-01"]],
    "four columns": [
        ["项目名称", "甲大桥工程", "项目代码", CODES[0]],
        ["建设性质", "新建", "批复时间", "2026-03-01"],
    ],
    "paragraphs": [
        ["<p>项目名称</p>", "<p>甲大桥工程</p>"],
        ["<p>项目代码</p>", f"<p>{CODES[0]}</p>"],
        ["<p>批复时间</p>", "<p>2026-03-01</p>"],
    ],
    "one record": [["项目名称", "项目代码", "批复时间"], ["甲大桥工程", CODES[0], "2026-03-01"]],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_what_the_page_says_of_its_one_decision(form: str) -> None:
    rows = FORMS[form]
    reading = read(table(rows[1:], heads=rows[0]))
    facts = reading.facts
    assert reading.records == ()
    assert (facts.project_name, facts.project_code, facts.formed_on) == (
        "甲大桥工程",
        CODES[0],
        date(2026, 3, 1),
    )


def test_a_cell_takes_no_value_from_the_row_below() -> None:
    rows = [["2026-08-01", "甲大桥工程", "建议书"], ["2026-08-02", "乙大桥工程", "建议书"]]
    reading = read(table(rows, heads=["公示期", "名目", "批复时间"]))
    assert (reading.facts.formed_on, reading.records) == (None, ())


def test_a_table_beside_the_body_holds_no_records() -> None:
    beside = table(ROWS, heads=HEADS)
    assert read(f"<aside>{beside}</aside><p>正文</p>").records == ()
    rule = DetailRule(body=".article")
    assert read(f"{beside}<div class=article><p>正文</p></div>", rule).records == ()


def test_tables_in_a_table_that_lays_out_the_page_are_read() -> None:
    inner = table(ROWS, heads=HEADS)
    assert found(read(f"<table><tr><td>菜单</td><td>{inner}</td></tr></table>")) == EXPECTED


def test_more_records_than_any_page_has_are_refused_and_not_cut() -> None:
    rows = [["工程", "2605-359900-44-05-523645"]] * 12_000
    with pytest.raises(SourceFault, match="too_large"):
        read(table(rows, heads=["项目名称", "项目代码"]))


def test_a_row_of_several_codes_or_documents_is_of_none_of_them_for_sure() -> None:
    rows = [[*row] for row in ROWS]
    rows[0][2] = f"{CODES[0]}、{CODES[1]}"
    rows[1][3] = "宁发改〔2026〕2号、宁发改〔2026〕12号"
    rows[2][3] = "宁发改〔2026〕3号（宁发改 [2026] 第 3 号）"
    reading = read(table(rows, heads=HEADS))
    assert [each.code for each in reading.records] == [None, *CODES[1:]]
    numbers = [f"宁发改〔2026〕{n}号" for n in range(1, 6)]
    assert [each.doc_no for each in reading.records] == [numbers[0], None, *numbers[2:]]
    labelled = read("<p>批复文号：宁发改〔2026〕2号、宁发改〔2026〕12号</p>")
    assert labelled.facts.doc_no is None
