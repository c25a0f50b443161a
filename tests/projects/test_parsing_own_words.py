"""Only what a page says itself, of itself, in one line, is its claim: none rather than wrong."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projects.reading.details import PageReading, read_page
from services.projects.reading.lists import read_list
from services.projects.reading.rule import DetailRule, HtmlListRule

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
URL = "https://www.example.gov.cn/c/1.html"
OWN, OTHER = date(2026, 5, 15), date(2026, 3, 1)
TEXT = "项目建设规模、内容、投资、资金来源和建设工期均按原批复执行。" * 4


def read(body: str, head: str = "", rule: DetailRule | None = None) -> PageReading:
    html = f"<html><head>{head}</head><body>{body}</body></html>"
    return read_page(html, URL, rule or DetailRule(), NOW)


def claimed(reading: PageReading) -> date | None:
    return reading.label_time.on if reading.label_time else None


@pytest.mark.parametrize("word", ["批复", "核准", "审批", "备案"])
@pytest.mark.parametrize(
    "shape",
    [
        "<h1>{title}</h1><span>时间：2026-09-01 10:00</span>",
        "<div>{title}</div><div>时间：2026-09-01 10:00</div>",
        "<p>{title}<br>时间：2026-09-01 10:00</p>",
        "<div><span>{title}</span><span>时间：2026-09-01 10:00</span></div>",
        "<div>{title}\n时间：2026-09-01 10:00</div>",
        "<pre>{title}\n时间：2026-09-01 10:00</pre>",
        "<table><tr><td>{title}</td></tr><tr><td>时间：2026-09-01 10:00</td></tr></table>",
    ],
)
def test_the_end_of_a_title_and_the_word_after_it_are_no_label(word: str, shape: str) -> None:
    facts = read(shape.format(title=f"关于城西水厂扩建工程初步设计的{word}")).facts
    assert (facts.formed_on, facts.formed_label) == (None, None)


@given(at=st.integers(1, 3), gap=st.sampled_from(["</p><p>", "<br>", "</div><div>", "</li><li>"]))
def test_a_label_never_joins_two_lines(at: int, gap: str) -> None:
    for label in ("批复时间", "发布时间"):
        reading = read(f"<div><p>{label[:at]}{gap}{label[at:]}：2026-09-01 10:00</p></div>")
        assert (reading.facts.formed_on, reading.label_time) == (None, None)


@pytest.mark.parametrize(
    "label",
    ["原批复时间", "计划批复时间", "拟批复时间", "预计发证日期", "上次核准时间", "变更前批复时间"],
)
def test_the_time_of_another_decision_is_not_this_ones(label: str) -> None:
    assert read(f"<p>项目名称：甲</p><p>{label}：2026-03-02</p>").facts.formed_on is None
    assert read(f"<p>项目名称：甲{label}：2026-03-02</p>").facts.formed_on is None


def test_a_date_further_on_in_a_labels_value_is_not_the_labels() -> None:
    assert read("<p>批复时间：详见附件。会议于2026-03-02召开</p>").facts.formed_on is None


def test_what_a_page_says_of_several_decisions_is_a_fact_of_none() -> None:
    said = "".join(
        f"<p>项目名称：工程{n}号</p><p>批复文号：宁发改〔2026〕{n}号</p><p>批复时间：2026-03-0{n}</p>"
        for n in (1, 2)
    )
    facts = read(said).facts
    assert (facts.formed_on, facts.doc_no, facts.project_name) == (None, None, None)


BESIDE = {
    "aside": "<aside><p>发布时间：2026-03-01</p><p>批复时间：2026-03-02</p></aside>",
    "class": '<div class="side-list"><p>发布时间：2026-03-01</p><p>批复时间：2026-03-02</p></div>',
    "head": "<div><h3>相关公告</h3><p>某公告</p><p>发布时间：2026-03-01</p>"
    "<p>批复时间：2026-03-02</p></div>",
    "entries": "<ul><li><a href=/x>某工程获批复的公告</a><p>发布时间：2026-03-01</p></li>"
    "<li><a href=/y>另一工程的公告</a><p>批复时间：2026-03-02</p></li></ul>",
    "links": "<p><a href=/x>某工程获批复的公告</a> 发布时间：2026-03-01</p>",
    "quoted": "<blockquote>发布时间：2026-03-01<br>批复时间：2026-03-02</blockquote>",
    "marks": "<p>“省网公告</p><p>发布时间：2026-03-01</p><p>批复时间：2026-03-02”</p>",
    "footer": "<footer>发布时间：2026-03-01</footer>",
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("own", [True, False])
def test_a_side_list_and_a_quoted_notice_are_nobodys_claim(beside: str, own: bool) -> None:
    said = "<p>发布时间：2026-05-15</p>" if own else ""
    reading = read(f"<h1>关于甲工程的公示</h1>{said}<p>{TEXT}</p>{beside}")
    assert (claimed(reading), reading.labels_differ) == (OWN if own else None, False)
    assert reading.facts.formed_on is None


def test_the_body_of_the_rule_bounds_the_search() -> None:
    rule = DetailRule(body=".article")
    around = (
        "<p>发布时间：2026-03-01</p><table><tr><th>批复时间</th><td>2026-03-02</td></tr></table>"
    )
    own = '<div class="article"><p>发布时间：2026-05-15</p><p>批复时间：2026-05-10</p></div>'
    found = read(f"{around}{own}", rule=rule)
    assert (claimed(found), found.facts.formed_on) == (OWN, date(2026, 5, 10))
    nothing = read(f'{around}<div class="article"><p>{TEXT}</p></div>', rule=rule)
    assert (claimed(nothing), nothing.facts.formed_on) == (None, None)
    without = read(around, rule=rule)
    assert (claimed(without), without.facts.formed_on) == (None, None)


@pytest.mark.parametrize(
    "shape",
    [
        "<p>发布时间：2026-05-15 17:09</p>",
        "<p>公告时间：2026-05-15</p>",
        "<div><span>来源：市发改委</span><span>发布时间：2026-05-15 17:09</span></div>",
        "<p>来源：<a href=/o>市发展和改革委员会</a> 发布时间：2026-05-15</p>",
        "<div><b>发布</b><b>时间</b>：<i>2026-05-15</i></div>",
        "<ul><li>来源：市发改委</li><li>发布时间：2026-05-15</li></ul>",
        "<dl><dt>发布日期</dt><dd>2026-05-15</dd></dl>",
        "<table><tr><td><p>发布日期</p></td><td><p>2026年5月15日</p></td></tr></table>",
        "<p>发布时间：2026-05-15</p><p>附件：<a href=/a.pdf>关于甲工程的批复.pdf</a></p>",
    ],
)
def test_the_pages_own_time_is_still_read(shape: str) -> None:
    assert claimed(read(f"<h1>关于甲工程的公示</h1>{shape}<p>{TEXT}</p>")) == OWN


def test_a_period_of_notice_is_no_moment() -> None:
    assert claimed(read("<p>公告时间：2026-05-15至2026-05-21</p>")) is None


@pytest.mark.parametrize(
    ("tag", "content"),
    [
        ("firstpublishedtime", "2026-05-15-17:09:00"),
        ("PubDate", "20260515"),
        ("PubDate", "Fri, 15 May 2026 17:09:00 +0800"),
        ("PubDate", "二〇二六年五月十五日"),
    ],
)
def test_the_tags_are_read_as_sites_fill_them(tag: str, content: str) -> None:
    found = read("", f'<meta name="{tag}" content="{content}">').meta_time
    assert found is not None
    assert found.on == OWN


SEARCH = '<div class="search"><h2>站内搜索</h2><input class="title" value="请输入关键词"></div>'
TITLE = "关于城西水厂扩建工程（一期）的批复"


@pytest.mark.parametrize("level", ["h1", "h2", "h3", "h4"])
def test_the_title_is_the_pages_heading_and_never_the_search_box(level: str) -> None:
    body = f'{SEARCH}<div class="title">站内搜索</div><{level}>{TITLE}</{level}>'
    assert read(body, "<title>宁川市人民政府</title>").title == TITLE


def test_without_a_heading_the_title_tag_is_the_title() -> None:
    assert read(SEARCH, f"<title>{TITLE}</title>").title == TITLE


def test_the_name_of_the_site_is_nobodys_title() -> None:
    head = '<meta name="SiteName" content="宁川市人民政府"><title>宁川市人民政府</title>'
    assert read(f"<h1>宁川市人民政府</h1><h2>{TITLE}</h2>", head).title == TITLE
    assert read("<h1>宁川市人民政府</h1>", head).title == ""
    of_both = f"<h1>宁川市政府网</h1><h3>{TITLE}</h3>"
    assert read(of_both, f"<title>{TITLE}_宁川市政府网</title>").title == TITLE


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>索引号：000014349/2017-00110</p>", "000014349/2017-00110"),
        ("<p>索 引 号：FZ00101-2708-2018-00033 主题分类：投资</p>", "FZ00101-2708-2018-00033"),
        ("<table><tr><td>索引号</td><td>11341702000111222F/201810-00006</td></tr></table>",)
        + ("11341702000111222F/201810-00006",),
        ("<p>索引号：无</p>", None),
        ("<p>索引号：A-1</p><p>索引号：B-2222</p>", None),
    ],
)
def test_the_index_number_is_kept_as_printed(body: str, expected: str | None) -> None:
    assert read(body).facts.index_no == expected


def listed(rows: str) -> list[date | None]:
    rule = HtmlListRule.model_validate({"list": {"rows": "li", "date": "span"}})
    page = read_list(f"<html><body>{rows}</body></html>", "https://a.gov.cn/c/", rule)
    return [entry.listed_on for entry in page.entries]


def test_a_day_without_a_year_is_of_the_year_above_it_or_of_its_address() -> None:
    assert listed("<li><a href=t20260902_1.htm>甲</a><span>[08-31]</span></li>") == [
        date(2026, 8, 31)
    ]
    assert listed("<li><a href=t20260104_1.htm>甲</a><span>[12-29]</span></li>") == [
        date(2025, 12, 29)
    ]
    above = "<h3>2025年</h3><ul><li><a href=a>甲</a><span>08-31</span></li>"
    below = "<li><a href=b>乙</a><span>8月30日</span></li></ul>"
    later = "<h3>2024</h3><ul><li><a href=c>丙</a><span>[12-30]</span></li></ul>"
    assert listed(above + below + later) == [
        date(2025, 8, 31),
        date(2025, 8, 30),
        date(2024, 12, 30),
    ]


@pytest.mark.parametrize(
    "above",
    [
        "<a>2026年</a> | <a>2025年</a> | <a>2024年</a>",
        "<a>2025年</a><b>2024年</b>",
        "<div>2024</div>",
        "<p>共 <b>2024</b></p>",
    ],
)
def test_a_year_to_choose_or_a_number_alone_is_no_heading(above: str) -> None:
    row = "<ul><li><a href=a>甲</a><span>08-31</span></li></ul>"
    assert listed(above + row) == [None]
    assert listed(f"<h3>2025年度</h3>{above}<h3>2022</h3>{row}") == [date(2022, 8, 31)]


def test_a_year_above_that_lies_far_from_the_day_in_the_address_gives_none() -> None:
    row = "<ul><li><a href=t20260902_1.htm>甲</a><span>08-31</span></li></ul>"
    assert listed(f"<h3>2024年</h3>{row}") == [None]
    assert listed(f"<h3>2026年</h3>{row}") == [date(2026, 8, 31)]


def test_a_day_without_a_year_and_without_context_is_none() -> None:
    assert listed("<li><a href=a.htm>甲</a><span>[08-31]</span></li>") == [None]
    assert listed("<li><a href=t20260301_1.htm>甲</a><span>[08-31]</span></li>") == [None]
    assert listed("<li><a href=t20260301_1.htm>甲</a><span>[02-30]</span></li>") == [None]


def test_a_date_in_the_title_is_not_the_lists() -> None:
    row = "<li><a href=a><span>2026年3月1日起施行的办法</span></a><span>2026-05-15</span></li>"
    assert listed(row) == [OWN]
    assert listed("<li><a href=a><span>2026年3月1日起施行的办法</span></a></li>") == [None]
