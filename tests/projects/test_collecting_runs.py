"""Runs: progress that survives a kill, one at a time, polite, and what a full walk proves."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from services.projects.collecting import queries as run_queries
from services.projects.collecting.models import RunKind, RunState
from services.projects.fetching.fetcher import Limits
from shared import clock
from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing

PAGED = {
    "list": {"rows": "li", "date": "span"},
    "pager": {"kind": "numbered", "address": "list_{n}", "first": 1},
}
LINKED = {
    "list": {"rows": "li", "date": "span"},
    "pager": {"kind": "next", "selector": "a.next"},
}


@pytest.fixture
async def shop() -> AsyncIterator[tuple[UnrulyPortal, str, str]]:
    """A portal to fill, its address, and a portal id of its own."""
    portal = UnrulyPortal()
    async with serving(portal) as address:
        yield portal, address, f"t-{uuid4().hex[:10]}"


def fill(portal: UnrulyPortal, pages: int, size: int = 3, *, count: bool = True) -> None:
    """`pages` list pages with `size` items each."""
    said = f"<script>createPageHTML({pages}, 0)</script>" if count else ""
    for number in range(pages):
        names = [f"/d/{number}-{at}|条目{number}-{at}|2026-01-{at + 1:02}" for at in range(size)]
        portal.pages["/list" if number == 0 else f"/list_{number}"] = listing(*names, extra=said)
        portal.pages |= {f"/d/{number}-{at}": f"<p>正文{number}-{at}</p>" for at in range(size)}


async def _pages(desk: Desk, portal_id: str) -> dict[str, dict[str, object]]:
    rows = await desk.rows("SELECT * FROM portal_page WHERE portal_id = :id", id=portal_id)
    return {"/" + row["url"].split("/", 3)[3]: dict(row) for row in rows}


@pytest.mark.parametrize("count", [True, False])
async def test_a_full_run_reads_the_list_to_its_end_and_proves_absence_if_that_was_announced(
    desk: Desk, shop: tuple[UnrulyPortal, str, str], count: bool
) -> None:
    portal, address, portal_id = shop
    fill(portal, 4, count=count)
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    run = await desk.collect(portal_id)
    assert (run.state, run.pages, run.items, run.new_items) == (RunState.FINISHED, 4, 12, 12)
    assert (run.list_complete, run.proves_absence, run.error_count) == (True, count, 0)
    (row,) = await desk.rows("SELECT walked_at FROM portal WHERE id = :id", id=portal_id)
    assert row["walked_at"] == (run.started_at if count else None)


async def test_next_links_are_followed_to_the_last_page(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    portal.pages["/list"] = listing("/a|甲|2026-01-01", extra='<a class="next" href="/p2">次页</a>')
    portal.pages["/p2"] = listing("/b|乙|2026-01-01")
    portal.pages |= {"/a": "甲", "/b": "乙"}
    await desk.portal(portal_id, f"{address}/list", rule=LINKED)
    run = await desk.collect(portal_id)
    assert (run.pages, run.items, run.list_complete) == (2, 2, True)
    assert portal.paths[:3] == ["/list", "/p2", "/list"]


async def test_a_portal_that_repeats_its_last_page_for_ever_ends(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    fill(portal, 2, count=False)
    portal.pages |= {f"/list_{n}": portal.pages["/list_1"] for n in range(2, 9)}
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    run = await desk.collect(portal_id)
    assert (run.pages, run.list_complete) == (3, True)


async def test_more_pages_than_the_rule_allows_prove_nothing(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    fill(portal, 4, count=False)
    await desk.portal(portal_id, f"{address}/list", rule={**PAGED, "max_pages": 2})
    run = await desk.collect(portal_id)
    assert (run.state, run.pages, run.proves_absence) == (RunState.FINISHED, 2, False)


async def test_an_incremental_run_stops_one_page_after_the_watermark(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    fill(portal, 6)
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    await desk.collect(portal_id)
    portal.asked.clear()
    run = await desk.collect(portal_id, RunKind.INCREMENTAL)
    assert portal.paths == ["/list", "/list_1"]
    assert (run.pages, run.new_items, run.proves_absence) == (2, 0, False)


async def test_what_has_not_changed_is_asked_for_conditionally(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    fill(portal, 1)
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    await desk.collect(portal_id)
    await desk.do(
        "UPDATE portal_page SET checked_at = checked_at - interval '2 days' WHERE portal_id = :id",
        id=portal_id,
    )
    captured = "SELECT status FROM capture WHERE chain = :id ORDER BY seq"
    before = await desk.rows(captured, id=portal_id)
    portal.asked.clear()
    await desk.collect(portal_id)
    after = await desk.rows(captured, id=portal_id)
    assert all("if-none-match" in headers for path, headers in portal.asked if path[1] != "r")
    assert [row["status"] for row in after[len(before) :]] == [304]


async def test_a_first_sighting_is_bracketed_by_the_walk_that_another_agreed_with(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    fill(portal, 1, size=1)
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    first = await desk.collect(portal_id)
    await desk.collect(portal_id)
    fill(portal, 1, size=2)
    await desk.collect(portal_id)
    pages = await _pages(desk, portal_id)
    assert pages["/d/0-0"]["last_absent_at"] is None
    assert pages["/d/0-1"]["last_absent_at"] == first.started_at
    assert pages["/d/0-1"]["first_seen_at"] > first.started_at  # type: ignore[operator]


async def test_an_item_off_the_list_is_gone_only_when_its_page_is(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    fill(portal, 1, size=3)
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    await desk.collect(portal_id)
    fill(portal, 1, size=1)
    del portal.pages["/d/0-2"]
    await desk.do(
        "UPDATE portal_page SET checked_at = checked_at - interval '2 days' WHERE portal_id = :id",
        id=portal_id,
    )
    await desk.collect(portal_id)
    pages = await _pages(desk, portal_id)
    assert pages["/d/0-1"]["gone_at"] is None
    assert pages["/d/0-2"]["gone_at"] is not None


async def test_a_claim_that_is_changed_later_is_flagged(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    portal.pages["/list"] = listing("/a|甲|2026-01-05")
    portal.pages["/a"] = '<meta name="PubDate" content="2026-03-05 09:00"><p>甲</p>'
    await desk.portal(portal_id, f"{address}/list")
    await desk.collect(portal_id)
    portal.pages["/a"] = '<meta name="PubDate" content="2026-01-05 09:00"><p>甲</p>'
    await desk.do(
        "UPDATE portal_page SET checked_at = checked_at - interval '2 days' WHERE portal_id = :id",
        id=portal_id,
    )
    await desk.collect(portal_id)
    page = (await _pages(desk, portal_id))["/a"]
    assert "claim_changed_since_first_read" in page["flags"]  # type: ignore[operator]


async def test_what_a_page_is_about_has_a_bracket_of_its_own(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    portal.pages["/list"] = listing("/a|甲|2026-01-05")
    portal.pages["/a"] = "<h1>敬请期待</h1><p>浏览 1 次</p>"
    await desk.portal(portal_id, f"{address}/list")
    await desk.collect(portal_id)
    early = (
        "UPDATE portal_page SET checked_at = checked_at - interval '2 days' WHERE portal_id = :i"
    )
    await desk.do(early, i=portal_id)
    portal.pages["/a"] = "<h1>敬请期待</h1><p>浏览 2 次</p>"
    await desk.collect(portal_id)
    counted = (await _pages(desk, portal_id))["/a"]
    assert counted["content_seen_at"] == counted["first_seen_at"]
    await desk.do(early, i=portal_id)
    portal.pages["/a"] = "<h1>甲工程批复公示</h1><p>浏览 3 次</p>"
    await desk.collect(portal_id)
    filled = (await _pages(desk, portal_id))["/a"]
    assert filled["first_seen_at"] == filled["content_seen_at"]
    assert filled["content_seen_at"] > counted["content_seen_at"]  # type: ignore[operator]
    assert filled["content_absent_at"] is not None


async def test_pages_of_other_hosts_are_listed_but_not_fetched(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    portal.pages["/list"] = listing("https://www.example.com/x|外站|2026-01-05")
    await desk.portal(portal_id, f"{address}/list")
    run = await desk.collect(portal_id)
    rows = await desk.rows("SELECT detail_state FROM portal_page WHERE portal_id = :i", i=portal_id)
    assert [row["detail_state"] for row in rows] == ["elsewhere"]
    assert run.proves_absence


async def test_a_killed_run_is_taken_up_where_it_stopped(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    fill(portal, 5)
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    await desk.do("UPDATE portal SET interval_ms = 150 WHERE id = :id", id=portal_id)
    run_id = await desk.order(portal_id)
    await _collect_and_kill(desk, until=lambda: len(portal.paths) >= 3)
    half_way = await desk.run(run_id)
    assert (half_way.state, half_way.pages >= 2) == (RunState.RUNNING, True)
    await desk.do("UPDATE collector_run SET lease_until = now() WHERE id = :id", id=run_id)
    await desk.collector.work(clock.now())
    run = await desk.run(run_id)
    assert (run.state, run.pages, run.items, run.proves_absence) == (RunState.FINISHED, 5, 15, True)
    assert portal.paths.count("/list") == 2
    chain = await desk.rows("SELECT seq FROM capture WHERE chain = :id ORDER BY seq", id=portal_id)
    assert [row["seq"] for row in chain] == list(range(1, len(chain) + 1))


async def _collect_and_kill(desk: Desk, *, until: Callable[[], bool]) -> None:
    """A collector in a process of its own, killed by SIGKILL when `until` holds."""
    url = desk.engine_url.render_as_string(hide_password=False)
    collector = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.projects.collect_once", url, str(desk.folder)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(20):
        while not until():  # noqa: ASYNC110 - the portal is not told when it is asked
            await asyncio.sleep(0.005)
    collector.kill()
    await collector.wait()


async def test_a_runner_whose_lease_was_lost_writes_no_more(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    fill(portal, 3)
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    run_id = await desk.order(portal_id)
    walk = await desk.collector._claim()
    assert walk is not None
    await desk.do("UPDATE collector_run SET runner = gen_random_uuid() WHERE id = :id", id=run_id)
    await walk.go()
    assert (await desk.run(run_id)).pages == 0
    await desk.do("DELETE FROM collector_run WHERE id = :id", id=run_id)


async def test_a_portal_has_one_run_at_a_time(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    fill(portal, 1)
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    runs = await asyncio.gather(*(desk.order(portal_id) for _ in range(8)))
    assert len(set(runs)) == 1
    walked = await asyncio.gather(*(desk.collector.work(clock.now()) for _ in range(3)))
    assert sum(walked) == 1


async def test_requests_to_a_host_keep_their_distance(
    desk: Desk, shop: tuple[UnrulyPortal, str, str]
) -> None:
    portal, address, portal_id = shop
    portal.robots = "User-agent: *\nCrawl-delay: 0.2\n"
    fill(portal, 1, size=3)
    await desk.portal(portal_id, f"{address}/list", rule=PAGED)
    began = time.monotonic()
    await desk.collect(portal_id)
    assert time.monotonic() - began >= 0.2 * 3


def test_the_lease_outlives_the_slowest_step() -> None:
    slowest = 30 + Limits.total_seconds * (Limits.redirects + 1)
    assert slowest < run_queries.LEASE_SECONDS
