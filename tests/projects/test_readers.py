"""Rules are read by the reader of their kind, and by nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from services.projects.reading import details
from services.projects.reading.details import PageReading
from services.projects.reading.lists import Entry, ListPage
from services.projects.reading.readers import READERS, read_list, read_page
from services.projects.reading.rule import CollectorRule, DetailRule

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
RULE = {"list": {"rows": "li"}}
BYTES, URL = "<li><a href=/a>某项目</a></li>".encode(), "http://portal.test/"
HEADERS: dict[str, str] = {}


class LinesReader:
    """A kind of portal that only this test knows: a title a line."""

    def read_list(self, text: str, url: str, rule: Any, *, number: int) -> ListPage:
        entries = tuple(Entry(line, url + line, line, None, None) for line in text.splitlines())
        return ListPage(entries, None, "lines", None)

    def read_page(self, text: str, url: str, rule: Any, now: datetime) -> PageReading:
        return details.read_page(f"<title>{text}</title>", url, DetailRule(), now)


def test_a_rule_of_a_kind_that_nobody_reads_is_refused() -> None:
    with pytest.raises(ValidationError):
        CollectorRule.model_validate({**RULE, "kind": "json_api"})


def test_a_rule_stored_before_there_were_kinds_is_an_html_list() -> None:
    rule = CollectorRule.model_validate(RULE)
    found = read_list(BYTES, HEADERS, URL, rule)
    assert (rule.kind, [entry.title for entry in found.page.entries]) == ("html_list", ["某项目"])


def test_a_reader_of_another_kind_needs_nothing_but_its_line_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(READERS, "lines", LinesReader())
    rule = CollectorRule.model_validate(RULE).model_copy(update={"kind": "lines"})
    listed = read_list("甲\n乙".encode("gb18030"), HEADERS, URL, rule)
    assert [entry.title for entry in listed.page.entries] == ["甲", "乙"]
    assert listed.decoded.charset == "gb18030"
    assert read_page("一页".encode(), HEADERS, URL, rule, NOW).reading.title == "一页"
