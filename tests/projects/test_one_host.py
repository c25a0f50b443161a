"""A walk asks the host whose turn it has, and no other, wherever an address comes from."""

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from services.projects.collecting.models import RunState
from services.projects.reading import details
from services.projects.reading.readers import READERS, HtmlListReader
from tests.projects.collecting_world import PLAIN_RULE, Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing

LINKED = {**PLAIN_RULE, "pager": {"kind": "next", "selector": "a.next"}}
CURSOR = {
    "kind": "json_api",
    "list": {"items": "rows", "title": "title", "address": "{url}"},
    "pager": {"kind": "cursor", "next": "next"},
}


class Two(NamedTuple):
    """A portal, and another host to which it leads."""

    own: UnrulyPortal
    address: str
    other: UnrulyPortal
    there: str
    portal_id: str


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    own, other = UnrulyPortal(), UnrulyPortal()
    other.pages |= {"/": "<p>首页</p>", "/a": "<p>甲</p>", "/list": listing("/a|甲|2026-01-05")}
    async with serving(own) as address, serving(other) as there:
        yield Two(own, address, other, there, f"t-{uuid4().hex[:10]}")


async def pages(desk: Desk, two: Two) -> dict[str, str]:
    found = "SELECT title, detail_state FROM portal_page WHERE portal_id = :id"
    return {row["title"]: row["detail_state"] for row in await desk.rows(found, id=two.portal_id)}


def a_next_link(there: str) -> str:
    return listing("/a|甲|2026-01-05", extra=f'<a class="next" href="{there}/list">次页</a>')


def a_cursor(there: str) -> str:
    return json.dumps({"rows": [{"title": "甲", "url": "/a"}], "next": f"{there}/list"})


@pytest.mark.parametrize(("rule", "page"), [(LINKED, a_next_link), (CURSOR, a_cursor)])
async def test_a_list_that_goes_on_on_another_host_is_not_followed_there(
    desk: Desk, two: Two, rule: dict[str, Any], page: Any
) -> None:
    two.own.pages |= {"/list": page(two.there), "/a": "<p>甲</p>"}
    await desk.portal(two.portal_id, f"{two.address}/list", rule=rule)
    run = await desk.collect(two.portal_id)
    assert (run.state, run.errors[-1]["fault"]) == (RunState.FAILED, "address_refused")
    assert "127.0.0.1" in run.errors[-1]["detail"]
    assert two.other.asked == []


async def test_a_list_that_redirects_to_another_host_is_for_a_person_to_register_there(
    desk: Desk, two: Two
) -> None:
    two.own.redirects["/list"] = f"{two.there}/list"
    await desk.portal(two.portal_id, f"{two.address}/list")
    run = await desk.collect(two.portal_id)
    assert (run.state, run.errors[-1]["fault"]) == (RunState.FAILED, "address_refused")
    assert two.other.asked == []


async def test_an_item_that_redirects_to_another_host_stands_there_until_it_stands_here(
    desk: Desk, two: Two
) -> None:
    two.own.pages["/list"] = listing("/a|甲|2026-01-05")
    two.own.redirects["/a"] = f"{two.there}/a"
    await desk.portal(two.portal_id, f"{two.address}/list")
    run = await desk.collect(two.portal_id)
    assert (run.state, run.proves_absence) == (RunState.FINISHED, True)
    assert await pages(desk, two) == {"甲": "elsewhere"}
    assert two.other.asked == []
    del two.own.redirects["/a"]
    two.own.pages["/a"] = "<p>甲</p>"
    long_ago = "UPDATE portal_page SET checked_at = now() - interval '1 day' WHERE portal_id = :id"
    await desk.do(long_ago, id=two.portal_id)
    await desk.collect(two.portal_id)
    assert await pages(desk, two) == {"甲": "read"}


@pytest.mark.parametrize(("path", "state"), [("/", "gone"), ("/a", "unreadable")])
async def test_of_what_was_read_a_redirect_to_a_front_page_is_the_end_and_any_other_for_a_person(
    desk: Desk, two: Two, path: str, state: str
) -> None:
    two.own.pages |= {"/list": listing("/a|甲|2026-01-05"), "/a": "<h1>甲</h1><p>正文</p>"}
    await desk.portal(two.portal_id, f"{two.address}/list")
    await desk.collect(two.portal_id)
    two.own.redirects["/a"] = f"{two.there}{path}"
    long_ago = "UPDATE portal_page SET checked_at = now() - interval '1 day' WHERE portal_id = :id"
    await desk.do(long_ago, id=two.portal_id)
    await desk.collect(two.portal_id)
    assert await pages(desk, two) == {"甲": state}
    assert two.other.asked == []


async def test_robots_txt_counts_where_it_is_led_to(desk: Desk, two: Two) -> None:
    two.own.redirects["/robots.txt"] = "/wanted.txt"
    two.own.pages["/wanted.txt"] = "User-agent: *\nDisallow: /list\n"
    await desk.portal(two.portal_id, f"{two.address}/list")
    run = await desk.collect(two.portal_id)
    assert run.errors[-1]["fault"] == "robots_disallow"
    assert two.own.paths == ["/wanted.txt"]


async def test_a_robots_txt_that_leads_into_our_own_network_means_hands_off(
    desk: Desk, two: Two
) -> None:
    two.own.redirects["/robots.txt"] = f"{two.there}/robots.txt"
    await desk.portal(two.portal_id, f"{two.address}/list")
    run = await desk.collect(two.portal_id)
    assert run.errors[-1]["fault"] == "address_refused"
    assert (two.own.paths, two.other.asked) == ([], [])


async def test_a_robots_txt_that_leads_in_circles_is_none(desk: Desk, two: Two) -> None:
    two.own.redirects["/robots.txt"] = "/robots.txt"
    two.own.pages |= {"/list": listing("/a|甲|2026-01-05"), "/a": "<p>甲</p>"}
    await desk.portal(two.portal_id, f"{two.address}/list")
    assert (await desk.collect(two.portal_id)).state is RunState.FINISHED


async def test_a_robots_txt_that_is_asked_for_too_often_means_hands_off(
    desk: Desk, two: Two
) -> None:
    two.own.statuses["/robots.txt"] = 429
    await desk.portal(two.portal_id, f"{two.address}/list")
    run = await desk.collect(two.portal_id)
    assert (run.state, run.errors[-1]["fault"]) == (RunState.FAILED, "blocked")
    assert two.own.paths == []


class Falling(HtmlListReader):
    """A reader with a slip in it, which shows on some pages."""

    def read_page(self, text: str, url: str, rule: Any, now: Any) -> details.PageReading:
        if "乙" in text:
            raise IndexError(url)
        return super().read_page(text, url, rule, now)


async def test_a_page_that_nobody_thought_of_is_unreadable_and_the_others_are_read(
    desk: Desk, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READERS, "html_list", Falling())
    two.own.pages |= {"/list": listing("/b|乙|2026-01-05", "/a|甲|2026-01-05")}
    two.own.pages |= {"/a": "<p>甲</p>", "/b": "<p>乙</p>"}
    await desk.portal(two.portal_id, f"{two.address}/list")
    run = await desk.collect(two.portal_id)
    assert (run.state, run.proves_absence) == (RunState.FINISHED, False)
    assert [(each["fault"], each["detail"]) for each in run.errors] == [
        ("unreadable", "not understood: IndexError")
    ]
    assert await pages(desk, two) == {"甲": "read", "乙": "unreadable"}


class Fallen(HtmlListReader):
    def read_list(self, text: str, url: str, rule: Any, *, number: int) -> Any:
        raise IndexError(url)


async def test_a_list_that_nobody_thought_of_ends_its_run_by_a_fault_and_frees_the_host(
    desk: Desk, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READERS, "html_list", Fallen())
    two.own.pages["/list"] = listing("/a|甲|2026-01-05")
    await desk.portal(two.portal_id, f"{two.address}/list")
    run = await desk.collect(two.portal_id)
    assert (run.state, run.errors[-1]["fault"]) == (RunState.FAILED, "unreadable")
    held = "SELECT 1 FROM portal_host WHERE run_id = :id"
    assert await desk.rows(held, id=run.id) == []


async def test_a_rule_whose_reader_is_no_more_fails_its_runs_and_holds_up_no_other(
    desk: Desk, two: Two
) -> None:
    two.own.pages["/list"] = listing("/a|甲|2026-01-05")
    await desk.portal(two.portal_id, f"{two.address}/list")
    for rule in ('{"kind": "gone", "items": []}', '{"kind": "html_list", "list": {"rows": ""}}'):
        lost = "UPDATE portal_rule SET rule = CAST(:rule AS jsonb) WHERE portal_id = :id"
        await desk.do(lost, rule=rule, id=two.portal_id)
        run = await desk.collect(two.portal_id)
        assert (run.state, run.errors[-1]["fault"]) == (RunState.FAILED, "redesigned")
    assert two.other.asked == []
