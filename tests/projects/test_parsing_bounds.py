"""Pages made to hurt: reading stays bounded in time, or refuses before it begins."""

import threading
import time
from datetime import UTC, datetime

import pytest

from services.projects.reading import beside
from services.projects.reading.charset import decode
from services.projects.reading.details import read_page
from services.projects.reading.faults import SourceFault
from services.projects.reading.lists import read_list
from services.projects.reading.rule import HtmlListRule

RULE = HtmlListRule.model_validate({"list": {"rows": "li", "date": "span"}})
URL = "https://a.gov.cn/x.htm"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SECONDS = 5.0
"""Far more of the processor than any of these takes, far less than without the bounds."""

HOSTILE = {
    "known labels run together": "<p>" + "项目名称重大建设" * 240_000,
    "spaces": "<p>" + "a " * 950_000,
    "characters that grow in NFKC": "<p>" + "\ufdfa" * 1_900_000,
    "a title without end": "<title>" + "批复" * 900_000,
    "a meta tag without end": "<meta name=PubDate content='" + "2026-" * 390_000 + "'>",
    "open paragraphs": "<p>批复时间" * 240_000,
    "open list items": "<li>" * 450_000,
    "cells": "<table>" + "<tr><th>批复<td>x" * 120_000,
    "attributes": "<p " + "a=b " * 450_000 + ">",
    "comments": "<!--" * 450_000,
    "entities": "&#0;" * 450_000,
    "pictures": "<img src='W020260703392611298112.png'>" * 50_000,
}


@pytest.mark.parametrize("page", HOSTILE)
def test_an_item_page_is_read_in_bounded_time(page: str) -> None:
    began = time.thread_time()
    read_page(decode(HOSTILE[page].encode()).text, URL, RULE.detail, NOW)
    assert time.thread_time() - began < SECONDS


@pytest.mark.parametrize("depth", [20_000, 300_000])
@pytest.mark.parametrize("tag", ["<div>", "<table><tr><td>", "<b>", "<ul><li>", "<svg><g>"])
def test_deep_nesting_is_refused_before_it_is_parsed(tag: str, depth: int) -> None:
    began = time.thread_time()
    with pytest.raises(SourceFault, match=r"unreadable|too_large"):
        read_page(tag * depth, URL, RULE.detail, NOW)
    assert time.thread_time() - began < SECONDS


def test_a_list_of_more_entries_than_any_portal_has_is_refused() -> None:
    with pytest.raises(SourceFault, match="too_large"):
        read_list("<li><a href=x>y</a></li>" * 40_000, URL, RULE)


def test_a_list_may_be_long() -> None:
    assert len(read_list("<li><a href=x>y</a></li>" * 2_500, URL, RULE).entries) == 2_500


async def test_a_page_that_takes_too_long_is_given_up_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beside, "SECONDS", 0.01)
    goes_on = threading.Event()
    with pytest.raises(SourceFault, match="unreadable"):
        await beside.beside(goes_on.wait, 9)
    goes_on.set()


def test_no_nul_comes_through_to_the_database() -> None:
    text = decode("<title>甲\x00乙&#0;丙</title><p>项目名称：甲\x00乙</p>".encode()).text
    reading = read_page(text, URL, RULE.detail, NOW)
    said = reading.title + (reading.facts.project_name or "") + "".join(reading.labels)
    assert "\x00" not in said
