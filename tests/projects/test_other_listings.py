"""Walks over what is listed as JSON, as a feed or in sitemaps, and what each of them proves."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from services.projects.collecting.models import CollectorRun, RunKind, RunState
from services.projects.collecting.rules import goes_on, is_left
from services.projects.reading.lists import ListPage
from services.projects.reading.rule import SitemapRule
from shared.clock import now
from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal

Shop = tuple[UnrulyPortal, str, str]
API = {
    "kind": "json_api",
    "list": {
        "items": "rows",
        "title": "title",
        "address": "/d/{id}",
        "date": "time",
        "total": "total",
        "size": 2,
    },
    "pager": {"kind": "page", "parameter": "page"},
}
UNCOUNTED = {**API, "list": {key: API["list"][key] for key in ("items", "title", "address")}}  # type: ignore[index]
FEED = {"kind": "feed"}
SITEMAP = {"kind": "sitemap", "under": ["/d/"]}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A portal to fill, its address, and a portal id of its own."""
    portal = UnrulyPortal()
    portal.pages |= {f"/d/{at}": f"<p>正文{at}</p>" for at in range(6)}
    async with serving(portal) as address:
        yield portal, address, f"t-{uuid4().hex[:10]}"


def answer(*numbers: int, total: int = 5, **extra: Any) -> str:
    rows = [{"id": at, "title": f"条目{at}", "time": "2026-01-05"} for at in numbers]
    return json.dumps({"total": total, "rows": rows, **extra})


def lay_out(portal: UnrulyPortal, *pages: str) -> None:
    portal.pages |= {f"/api?page={at}": page for at, page in enumerate(pages, start=1)}


async def walk(desk: Desk, shop: Shop, rule: Any = API, start: str = "/api?page=1") -> CollectorRun:
    await desk.portal(shop[2], shop[1] + start, rule=rule)
    return await desk.collect(shop[2])


async def test_a_platform_is_walked_to_the_end_that_its_total_announces(
    desk: Desk, shop: Shop
) -> None:
    lay_out(shop[0], answer(0, 1), answer(2, 3), answer(4))
    run = await walk(desk, shop)
    assert (run.state, run.pages, run.items, run.details) == (RunState.FINISHED, 3, 5, 5)
    assert (run.proves_absence, run.errors) == (True, [])
    assert (await desk.collect(shop[2])).proves_absence
    (row,) = await desk.rows("SELECT proven_at FROM portal WHERE id = :id", id=shop[2])
    assert row["proven_at"] == run.started_at


@pytest.mark.parametrize(
    "pages",
    [
        (answer(0, 1), answer(0, 1), answer(4)),
        (answer(0, 1), answer(2, 3), answer(0, 1)),
    ],
)
async def test_a_platform_that_answers_an_earlier_page_again_proves_no_absence(
    desk: Desk, shop: Shop, pages: tuple[str, ...]
) -> None:
    lay_out(shop[0], *pages)
    run = await walk(desk, shop)
    assert (run.state, run.proves_absence) == (RunState.FAILED, False)
    assert "redesigned" in [error["fault"] for error in run.errors]


async def test_a_page_with_fewer_entries_than_announced_proves_no_absence(
    desk: Desk, shop: Shop
) -> None:
    lay_out(shop[0], answer(0, 1), answer(2), answer(4))
    run = await walk(desk, shop)
    assert (run.state, run.list_complete) == (RunState.FINISHED, True)
    assert (run.proves_absence, [error["detail"] for error in run.errors]) == (
        False,
        ["entries are missing on the page", "4 of 5 entries were listed"],
    )


async def test_an_entry_on_two_pages_hid_another_where_the_total_is_not_met(
    desk: Desk, shop: Shop
) -> None:
    lay_out(shop[0], answer(0, 1), answer(1, 2), answer(4))
    run = await walk(desk, shop)
    assert (run.state, run.list_complete, run.items) == (RunState.FINISHED, True, 5)
    assert (run.proves_absence, run.errors[0]["detail"]) == (False, "4 of 5 entries were listed")


async def test_a_total_that_changes_while_it_is_read_is_a_list_that_moved(
    desk: Desk, shop: Shop
) -> None:
    lay_out(shop[0], answer(0, 1), answer(2, 3, total=6), answer(4, 5, total=6))
    run = await walk(desk, shop)
    assert (run.is_shifted, run.proves_absence) == (True, False)


@pytest.mark.parametrize("last", [answer(), answer(2, 3)])
async def test_a_platform_that_does_not_say_how_long_it_is_proves_no_absence(
    desk: Desk, shop: Shop, last: str
) -> None:
    lay_out(shop[0], answer(0, 1), answer(2, 3), last)
    run = await walk(desk, shop, UNCOUNTED)
    assert (run.state, run.items >= 4) == (RunState.FINISHED, True)
    assert (run.list_complete, run.proves_absence) == (True, False)


async def test_an_error_of_a_platform_is_no_empty_list(desk: Desk, shop: Shop) -> None:
    lay_out(shop[0], answer(0, 1), '{"code": 500, "msg": "系统繁忙"}')
    run = await walk(desk, shop)
    assert (run.state, run.proves_absence) == (RunState.FAILED, False)


async def test_entries_of_a_platform_may_have_pages_of_json(desk: Desk, shop: Shop) -> None:
    lay_out(shop[0], answer(0, total=1))
    data = {"name": "甲工程施工许可", "code": "2605-359900-44-05-523645", "at": 1767603600}
    shop[0].pages["/d/0"] = json.dumps(data, ensure_ascii=False)
    values = {"项目统一代码": "code"}
    page = {"title": "name", "time": "at", "time_unit": "seconds", "values": values}
    run = await walk(desk, shop, {**API, "page": page})
    assert (run.state, run.errors) == (RunState.FINISHED, [])
    (row,) = await desk.rows("SELECT * FROM portal_page WHERE portal_id = :id", id=shop[2])
    assert (row["title"], row["project_code"]) == (data["name"], data["code"])
    assert (row["claimed_from"], row["trust"]) == ("label", 2)


async def test_a_feed_finds_what_is_new_and_never_proves_absence(desk: Desk, shop: Shop) -> None:
    items = "".join(f"<item><title>条目{at}</title><link>/d/{at}</link></item>" for at in range(3))
    shop[0].pages["/rss"] = f"<rss><channel>{items}</channel></rss>"
    run = await walk(desk, shop, FEED, "/rss")
    again = await desk.collect(shop[2])
    assert (run.state, run.items, run.details) == (RunState.FINISHED, 3, 3)
    assert (run.proves_absence, again.proves_absence) == (False, False)
    found = "SELECT listed_on, claimed_at FROM portal_page WHERE portal_id = :id"
    rows = await desk.rows(found, id=shop[2])
    assert {tuple(row.values()) for row in rows} == {(None, None)}
    soon = "SELECT next_run_at > now() + interval '1 hour' AS later FROM portal WHERE id = :id"
    assert (await desk.rows(soon, id=shop[2]))[0]["later"]


async def test_an_index_of_sitemaps_is_walked_part_by_part(desk: Desk, shop: Shop) -> None:
    portal = shop[0]
    portal.pages["/sitemap.xml"] = (
        "<sitemapindex><sitemap><loc>/s1</loc></sitemap><sitemap><loc>/s2</loc></sitemap>"
        "<sitemap><loc>/s3</loc></sitemap></sitemapindex>"
    )
    portal.pages["/s1"] = "<urlset><url><loc>/d/0</loc></url><url><loc>/d/1</loc></url></urlset>"
    portal.pages["/s2"] = "<urlset><url><loc>/news/9</loc></url></urlset>"
    portal.pages["/s3"] = "<urlset><url><loc>/d/2</loc></url></urlset>"
    run = await walk(desk, shop, SITEMAP, "/sitemap.xml")
    assert (run.state, run.errors) == (RunState.FINISHED, [])
    assert (run.pages, run.items, run.details) == (4, 3, 3)
    assert (run.list_complete, run.proves_absence) == (True, False)


def test_the_parts_of_a_list_are_read_one_after_the_other_as_far_as_the_rule_goes() -> None:
    run = CollectorRun(
        portal_id="p", rule_version=1, kind=RunKind.FULL, requested_at=now(), requested_by="test"
    )
    rule = SitemapRule.model_validate({**SITEMAP, "max_pages": 3})
    index = ListPage((), None, "", None, parts=("/1", "/2", "/3"))
    part = ListPage((), None, "", None)
    followed, page = list[str](), index
    while True:
        run.pages += 1
        following, run.parts_left = goes_on(run, rule, page)
        if following is None:
            break
        followed, page = [*followed, following], part
    assert followed == ["/1", "/2"]
    assert is_left(run, rule)


async def test_a_sitemap_without_a_page_below_the_folders_is_a_fault(
    desk: Desk, shop: Shop
) -> None:
    shop[0].pages["/sitemap.xml"] = "<urlset><url><loc>/news/9</loc></url></urlset>"
    run = await walk(desk, shop, SITEMAP, "/sitemap.xml")
    assert (run.state, run.errors[0]["fault"]) == (RunState.FAILED, "redesigned")
