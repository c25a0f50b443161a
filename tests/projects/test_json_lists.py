"""Platforms that answer with JSON: paths lead to entries, and a list says how long it is."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.json_lists import at, read_list
from services.projects.reading.json_pages import read_page
from services.projects.reading.json_rule import JsonApiRule

URL = "https://ggzy.gov.cn/api/list?type=jg&pageNo=1"
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
LIST = {"items": "data.rows", "title": "title", "address": "/detail?id={id}", "date": "time"}
COUNTED = {**LIST, "total": "data.total", "size": 2}
BY_PAGE = {"kind": "page", "parameter": "pageNo"}


def rule(**changes: Any) -> JsonApiRule:
    return JsonApiRule.model_validate({"kind": "json_api", "list": LIST, **changes})


def answer(*rows: dict[str, Any], **data: Any) -> str:
    return json.dumps({"code": 200, "data": {"rows": rows, **data}}, ensure_ascii=False)


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": number, "title": f"第{number}号公告", "time": "2026-01-05 09:00:00", **changes}


def test_entries_are_found_by_their_paths() -> None:
    listed = {**LIST, "column": "type.name"}
    page = read_list(answer(row(7, type={"name": "结果公告"})), URL, rule(list=listed))
    (entry,) = page.entries
    assert (entry.url, entry.title) == ("https://ggzy.gov.cn/detail?id=7", "第7号公告")
    assert (entry.listed_on, entry.column) == (date(2026, 1, 5), "结果公告")
    assert not page.lacks


@pytest.mark.parametrize(
    ("value", "unit", "day"),
    [
        ("2026-01-05", "text", date(2026, 1, 5)),
        ("2026年1月5日", "text", date(2026, 1, 5)),
        (1767542400000, "milliseconds", date(2026, 1, 5)),  # midnight in China
        ("1767628799", "seconds", date(2026, 1, 5)),
        (1767542400000, "text", None),  # a number is no date unless the rule says so
        ("最近", "text", None),
        (None, "milliseconds", None),
        (10**14, "seconds", None),
        (True, "seconds", None),
    ],
)
def test_dates_are_read_as_the_rule_says_or_not_at_all(
    value: Any, unit: str, day: date | None
) -> None:
    page = read_list(answer(row(1, time=value)), URL, rule(list={**LIST, "time_unit": unit}))
    assert page.entries[0].listed_on == day


@pytest.mark.parametrize(
    ("address", "given", "url"),
    [
        ("{id}", "/a/7.htm", "https://ggzy.gov.cn/a/7.htm"),
        ("{id}", "https://else.cn/a?b=1", "https://else.cn/a?b=1"),
        ("/d/{id}.htm", "甲/乙?x", "https://ggzy.gov.cn/d/%E7%94%B2%2F%E4%B9%99%3Fx.htm"),
        ("{id}", "javascript:alert(1)", None),
        ("{id}", {"no": "text"}, None),
        ("/d/{other}", "7", None),
    ],
)
def test_an_address_is_made_of_the_entrys_values(address: str, given: Any, url: str | None) -> None:
    page = read_list(answer(row(1, id=given)), URL, rule(list={**LIST, "address": address}))
    assert [entry.url for entry in page.entries] == ([url] if url else [])
    assert page.lacks == (url is None)


@pytest.mark.parametrize(
    ("pager", "extra", "following"),
    [
        (BY_PAGE, {}, "https://ggzy.gov.cn/api/list?type=jg&pageNo=2"),
        ({**BY_PAGE, "first": 0}, {}, "https://ggzy.gov.cn/api/list?type=jg&pageNo=1"),
        (
            {"kind": "offset", "parameter": "start", "size": 2},
            {},
            "https://ggzy.gov.cn/api/list?type=jg&pageNo=1&start=2",
        ),
        (
            {"kind": "cursor", "parameter": "after", "next": "data.next"},
            {"next": "x/1"},
            "https://ggzy.gov.cn/api/list?type=jg&pageNo=1&after=x%2F1",
        ),
        ({"kind": "cursor", "next": "data.next"}, {"next": "/p2"}, "https://ggzy.gov.cn/p2"),
        ({"kind": "cursor", "next": "data.next"}, {"next": None}, None),
        ({"kind": "cursor", "next": "data.next"}, {"next": URL}, None),
        ({"kind": "none"}, {}, None),
    ],
)
def test_the_next_page_is_found_by_number_offset_or_cursor(
    pager: dict[str, Any], extra: dict[str, Any], following: str | None
) -> None:
    page = read_list(answer(row(1), row(2), **extra), URL, rule(pager=pager), number=1)
    assert page.next_url == following


@pytest.mark.parametrize(
    ("rows", "total", "number", "pages", "lacks"),
    [
        (2, 5, 1, 3, False),
        (1, 5, 3, 3, False),
        (1, 5, 2, 3, True),  # one of two is not there
        (2, "5", 2, 3, False),
        (2, 5, 3, 3, True),
        (2, None, 1, None, False),
        (2, "很多", 1, None, False),
    ],
)
def test_a_total_counts_the_pages_and_what_each_must_hold(
    rows: int, total: Any, number: int, pages: int | None, lacks: bool
) -> None:
    text = answer(*(row(each) for each in range(rows)), total=total)
    page = read_list(text, URL, rule(list=COUNTED, pager=BY_PAGE), number=number)
    assert (page.pages, page.lacks) == (pages, lacks)


def test_a_list_of_one_page_with_more_entries_than_it_shows_lacks_some() -> None:
    listed = {**LIST, "total": "data.total"}
    assert read_list(answer(row(1), total=2), URL, rule(list=listed)).lacks
    assert not read_list(answer(row(1), total=1), URL, rule(list=listed)).lacks


def test_pages_are_not_counted_by_entries_of_unknown_size() -> None:
    with pytest.raises(ValidationError, match="每页几条"):
        rule(list={**LIST, "total": "data.total"}, pager=BY_PAGE)


@pytest.mark.parametrize(
    "text",
    [
        "<html>请先登录</html>",
        "",
        '{"code": 500, "msg": "系统异常"}',
        '{"data": {"rows": {}}}',
        "[" * 5000,
    ],
)
def test_what_is_no_list_is_a_fault_of_the_source(text: str) -> None:
    with pytest.raises(SourceFault) as raised:
        read_list(text, URL, rule())
    assert raised.value.fault is Fault.REDESIGNED


def test_a_path_leads_through_names_and_places() -> None:
    value = {"a": [{"b": 1}, {"b": {"c": 2}}]}
    assert at(value, "a.1.b.c") == 2
    assert at(value, "a.b") is None
    assert at(value, "a.7.b") is None
    assert at(value, None) is None


PAGE = {
    "title": "data.title",
    "time": "data.published",
    "body": "data.html",
    "values": {"项目统一代码": "data.code", "批复文号": "data.no", "建设地点": "data.place"},
}
DETAIL = {
    "title": "滨江小区二期工程规划许可批复",
    "published": "2026-01-05 09:30:00",
    "code": "2605-359900-44-05-523645",
    "no": "宁规〔2026〕12号",
    "place": None,
    "html": "<p>批复时间：2026年1月4日</p><p>同意建设。</p>",
}


def test_a_page_of_json_says_what_one_of_html_would() -> None:
    text = json.dumps({"data": DETAIL}, ensure_ascii=False)
    read = read_page(text, URL, rule(page=PAGE), NOW)
    assert read.title == DETAIL["title"]
    assert (read.facts.project_code, read.facts.doc_no) == (DETAIL["code"], "宁规〔2026〕12号")
    assert read.facts.formed_on == date(2026, 1, 4)
    assert read.label_time is not None
    assert read.label_time.on == date(2026, 1, 5)
    assert set(read.labels) == {"项目统一代码", "批复文号", "批复时间"}
    later = read_page(text, URL, rule(page=PAGE), datetime(2026, 1, 4, tzinfo=UTC))
    assert (later.label_time, later.future_dropped) == (None, True)


def test_a_page_of_json_that_says_nothing_is_not_read() -> None:
    with pytest.raises(SourceFault, match="unreadable"):
        read_page('{"code": 404, "msg": "无"}', URL, rule(page=PAGE), NOW)
    with pytest.raises(SourceFault, match="redesigned"):
        read_page("<html></html>", URL, rule(page=PAGE), NOW)


POSTED = {"body": {"page": {"no": 1, "size": 2}, "after": "", "type": "jg"}}
IN_BODY = {"kind": "page", "parameter": "page.no"}


@pytest.mark.parametrize(
    ("pager", "following", "body"),
    [
        (IN_BODY, "page.no=2", {"page": {"no": 2, "size": 2}, "after": "", "type": "jg"}),
        (
            {"kind": "offset", "parameter": "page.no", "size": 2},
            "page.no=2",
            {"page": {"no": 2, "size": 2}, "after": "", "type": "jg"},
        ),
        (
            {"kind": "cursor", "parameter": "after", "next": "data.next"},
            "after=x%2F1",
            {"page": {"no": 1, "size": 2}, "after": "x/1", "type": "jg"},
        ),
    ],
)
def test_a_list_that_is_posted_for_turns_its_pages_by_its_body(
    pager: dict[str, Any], following: str, body: dict[str, Any]
) -> None:
    posted = rule(pager=pager, post=POSTED)
    page = read_list(answer(row(1), row(2), next="x/1"), URL, posted, number=1)
    assert page.next_url == f"{URL}#{following}"
    first, second = posted.posted(URL), posted.posted(page.next_url)
    assert first is not None
    assert second is not None
    assert json.loads(first.body) == POSTED["body"]
    assert json.loads(second.body) == body
    assert second.content_type == "application/json"


def test_a_form_is_sent_as_forms_are() -> None:
    flat = {"format": "form", "body": {"pageNo": 1, "name": "项目"}}
    posted = rule(pager=BY_PAGE, post=flat).posted(f"{URL}#pageNo=3")
    assert posted is not None
    assert posted.body == b"pageNo=3&name=%E9%A1%B9%E7%9B%AE"


@pytest.mark.parametrize(
    ("pager", "post"),
    [
        ({"kind": "page", "parameter": "no"}, POSTED),
        ({"kind": "page", "parameter": "page"}, POSTED),
        ({"kind": "cursor", "next": "data.next"}, POSTED),
        ({"kind": "none"}, {"format": "form", "body": {"page": {"no": 1}}}),
        ({"kind": "none"}, {"body": {"much": "x" * 9000}}),
    ],
)
def test_what_cannot_be_posted_a_page_at_a_time_is_no_rule(
    pager: dict[str, Any], post: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        rule(pager=pager, post=post)


def test_an_address_cannot_put_anything_else_into_the_body() -> None:
    posted = rule(pager=IN_BODY, post=POSTED).posted(f"{URL}#/list?a=b")
    assert posted is not None
    assert json.loads(posted.body) == POSTED["body"]
