"""Fault 15: whatever a portal does, "could not fetch" is never "not published"."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from services.projects.collecting.models import RunState
from services.projects.fetching.fetcher import Limits
from tests.projects.collecting_world import PATIENT, PLAIN_RULE, Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing

FAULTS = {
    "/error/": "server_error",
    "/forbidden/": "blocked",
    "/loop/a": "redirect_loop",
    "/chain/0": "redirect_loop",
    "/huge/": "too_large",
    "/bomb/": "too_large",
    "/slow/": "timeout",
    "/drip/": "timeout",
    "/garbled/": "wrong_charset",
    "/empty/": "redesigned",
    "/nowhere/": "gone",
}
HURRIED = replace(PATIENT, read_seconds=0.3, total_seconds=0.6)


@pytest.fixture
async def unruly() -> AsyncIterator[tuple[UnrulyPortal, str]]:
    portal = UnrulyPortal()
    async with serving(portal) as address:
        yield portal, address


def _id() -> str:
    return f"t-{uuid4().hex[:10]}"


async def _portal(desk: Desk, portal_id: str) -> dict[str, object]:
    (row,) = await desk.rows("SELECT * FROM portal WHERE id = :id", id=portal_id)
    return dict(row)


@pytest.mark.parametrize(("path", "fault"), FAULTS.items())
async def test_a_fault_of_the_list_takes_the_portal_down_and_proves_nothing(
    desk: Desk, unruly: tuple[UnrulyPortal, str], path: str, fault: str
) -> None:
    portal_id = _id()
    await desk.portal(portal_id, unruly[1] + path)
    hurried = replace(desk, limits=HURRIED if fault == "timeout" else PATIENT)
    run = await hurried.collect(portal_id)
    assert (run.state, run.errors[0]["fault"]) == (RunState.FAILED, fault)
    assert not run.proves_absence
    row = await _portal(desk, portal_id)
    assert (row["health"], row["fault"], row["walked_at"]) == ("down", fault, None)
    walks = await desk.rows("SELECT 1 FROM full_walk WHERE run_id = :id", id=run.id)
    assert not walks


async def test_a_port_where_nobody_listens_is_unreachable(desk: Desk) -> None:
    async with serving(UnrulyPortal()) as gone:
        portal_id = _id()
        await desk.portal(portal_id, f"{gone}/list")
    run = await desk.collect(portal_id)
    assert run.errors[0]["fault"] == "unreachable"


@pytest.mark.parametrize(
    "there",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:5432/",
        "http://[::1]:8080/",
        "http://2130706433:8080/",
        "http://[::ffff:10.0.0.1]/",
        "http://user@www.example.com/",
        "http://localhost:6379/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
    ],
)
async def test_a_redirect_never_leads_into_our_own_network(
    desk: Desk, unruly: tuple[UnrulyPortal, str], there: str
) -> None:
    portal, address = unruly
    portal.redirect_to, portal_id = there, _id()
    await desk.portal(portal_id, f"{address}/away/")
    run = await desk.collect(portal_id)
    assert run.errors[0]["fault"] == "address_refused"


async def test_a_private_address_is_refused_unless_the_portal_allows_it(
    desk: Desk, unruly: tuple[UnrulyPortal, str]
) -> None:
    portal, address = unruly
    portal.pages["/list"] = listing("/a|甲|2026-01-05")
    portal_id = _id()
    await desk.portal(portal_id, f"{address}/list")
    await desk.do("UPDATE portal SET allow_private = false WHERE id = :id", id=portal_id)
    run = await desk.collect(portal_id)
    assert run.errors[0]["fault"] == "address_refused"
    assert portal.asked == []


async def test_robots_txt_is_obeyed(desk: Desk, unruly: tuple[UnrulyPortal, str]) -> None:
    portal, address = unruly
    portal.robots = "User-agent: *\nDisallow: /private/\n"
    portal.pages["/list"] = listing("/private/a|甲|2026-01-05", "/b|乙|2026-01-06")
    portal.pages["/b"] = "<p>乙</p>"
    portal_id = _id()
    await desk.portal(portal_id, f"{address}/list")
    run = await desk.collect(portal_id)
    assert portal.paths[:2] == ["/list", "/b"]
    assert "/a" not in portal.paths
    assert [error["fault"] for error in run.errors] == ["robots_disallow"]
    assert run.state is RunState.FINISHED
    assert not run.proves_absence


async def test_a_broken_robots_txt_means_hands_off(
    desk: Desk, unruly: tuple[UnrulyPortal, str]
) -> None:
    portal, address = unruly
    portal.statuses["/robots.txt"] = 500
    portal.pages["/list"] = listing("/a|甲|2026-01-05")
    portal_id = _id()
    await desk.portal(portal_id, f"{address}/list")
    run = await desk.collect(portal_id)
    assert (run.state, run.errors[0]["fault"]) == (RunState.FAILED, "server_error")
    assert portal.paths == []


async def test_an_unreadable_item_withholds_the_proof_of_absence(
    desk: Desk, unruly: tuple[UnrulyPortal, str]
) -> None:
    portal, address = unruly
    portal.pages["/list"] = listing("/error/a|甲|2026-01-05", "/b|乙|2026-01-06")
    portal.pages["/b"] = "<p>乙</p>"
    portal_id = _id()
    await desk.portal(portal_id, f"{address}/list")
    run = await desk.collect(portal_id)
    assert (run.state, run.list_complete, run.proves_absence) == (RunState.FINISHED, True, False)
    portal.pages["/error/a"] = "<p>甲</p>"
    again = await desk.collect(portal_id)
    assert again.proves_absence


async def test_an_item_that_cannot_be_parsed_leaves_its_bytes(
    desk: Desk, unruly: tuple[UnrulyPortal, str]
) -> None:
    portal, address = unruly
    portal_id, deep = _id(), "<div>" * 100_000
    portal.pages["/list"] = listing("/deep|某项目公示|2026-01-05")
    portal.pages["/deep"] = deep
    await desk.portal(portal_id, f"{address}/list", rule=PLAIN_RULE)
    desk = replace(desk, limits=Limits(interval_seconds=0))
    run = await desk.collect(portal_id)
    assert [error["fault"] for error in run.errors] == ["unreadable"]
    assert await desk.files.get(hashlib.sha256(deep.encode()).hexdigest()) == deep.encode()


async def test_a_portal_that_dies_half_way_is_down_and_keeps_what_was_read(
    desk: Desk, unruly: tuple[UnrulyPortal, str]
) -> None:
    portal, address = unruly
    portal.pages["/list"] = listing(
        "/a|甲|2026-01-05", *[f"/error/{n}|乙{n}|2026-01-06" for n in range(9)]
    )
    portal.pages["/a"] = "<p>甲</p>"
    portal_id = _id()
    await desk.portal(portal_id, f"{address}/list")
    run = await desk.collect(portal_id)
    assert (run.state, run.items) == (RunState.FAILED, 10)
    assert portal.paths.count("/error/8") == 0
    (row,) = await desk.rows(
        "SELECT count(*) AS n FROM portal_page WHERE portal_id = :id", id=portal_id
    )
    assert row["n"] == 10


async def test_going_down_and_coming_back_is_told_once_each(
    desk: Desk, unruly: tuple[UnrulyPortal, str]
) -> None:
    portal, address = unruly
    portal_id = _id()
    await desk.portal(portal_id, f"{address}/error/list")
    await desk.collect(portal_id)
    await desk.collect(portal_id)
    portal.pages["/error/list"] = listing("/a|甲|2026-01-05")
    await desk.collect(portal_id)
    await desk.collect(portal_id)
    told = await desk.rows(
        "SELECT convert_from(body, 'UTF8')::json->>'type' AS type FROM outbox"
        " WHERE convert_from(body, 'UTF8')::json->'data'->>'portal_id' = :id ORDER BY position",
        id=portal_id,
    )
    assert [row["type"] for row in told] == [
        "projects.source.down.v1",
        "projects.source.recovered.v1",
    ]
