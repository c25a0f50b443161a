"""The board of sources: what cannot be read, since when, why, and which duties wait for it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.projects.portals.models import PortalHealth
from services.projects.reading.faults import Fault
from services.projects.source_health import printing
from services.projects.source_health.rules import FAULTS, STATES
from services.projects.source_health.schemas import SourceBoard
from shared import clock
from shared.web.security_headers import PAGE_POLICY
from tests.projects import make
from tests.support import Connect

Headers = Callable[..., dict[str, str]]
PATH = "/api/v1/portals/health"


async def a_portal(sql: Any, unit: str, *, health: str, days: int, fault: str | None = None) -> str:
    """A portal that is in the state for so many days."""
    portal_id = f"t-{uuid4().hex[:10]}"
    await sql.execute(
        "INSERT INTO portal (id, name, unit_code, start_url, allow_private, is_public, interval_ms,"
        " every_minutes, enabled, health, fault, health_since, next_run_at, version)"
        " VALUES ($1, '批准结果', $2, $3, false, true, 0, 60, true, $4, $5,"
        "  now() - make_interval(days => $6), now() + interval '1 hour', 1)",
        *(portal_id, unit, f"https://{portal_id}.example.gov.cn/x", health, fault, days),
    )
    return portal_id


@pytest.fixture
async def source(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> tuple[str, str, dict[str, Any]]:
    """A unit with a portal that is down for 400 days, and a duty of it that waits for the portal:
    the portal, the unit and the duty."""
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-03-02")
    duty = await make.duty(projects, as_("officer", unit), body)
    portal_id = await a_portal(rows, unit, health="down", days=400, fault="redesigned")
    return portal_id, unit, duty


async def test_a_source_that_is_down_shows_since_when_why_and_which_duties_wait(
    projects: httpx.AsyncClient, as_: Headers, source: tuple[str, str, dict[str, Any]]
) -> None:
    portal_id, unit, duty = source
    asked = {"unit": unit, "fault": "redesigned"}
    board = (await projects.get(PATH, params=asked, headers=as_("auditor", "*"))).json()
    [line] = board["items"]
    assert (line["portal_id"], line["fault"], line["health"]) == (portal_id, "redesigned", "down")
    assert line["host"] == f"{portal_id}.example.gov.cn"
    assert (line["read_at"], line["walked_at"]) == (None, None)
    assert line["waiting_duties"] == 1
    assert [each["duty_id"] for each in line["duties"]] == [duty["id"]]
    down = next(state for state in board["states"] if state["health"] == "down")
    of_fault = next(each for each in board["faults"] if each["fault"] == "redesigned")
    assert min(down["portals"], of_fault["portals"], board["waiting_duties"]) >= 1
    assert of_fault["since"] <= line["since"]
    assert "采集规则" in of_fault["advice"]["zh"]


async def test_the_longest_down_come_first_and_the_next_page_goes_on_there(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit = await make.unit(rows)
    made = [
        await a_portal(rows, unit, health="down", days=days, fault="timeout") for days in (3, 9, 6)
    ]
    seen: list[str] = []
    asked: dict[str, Any] = {"unit": unit, "limit": "1"}
    for _ in made:
        board = (await projects.get(PATH, params=asked, headers=as_("auditor", "*"))).json()
        seen += [line["portal_id"] for line in board["items"]]
        asked["cursor"] = board["next_cursor"]
    assert (seen, asked["cursor"]) == ([made[1], made[2], made[0]], None)


async def test_a_source_that_is_read_and_proves_no_absence_for_weeks_is_on_the_board(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit = await make.unit(rows)
    silent, sound, slow, ruleless = [
        await a_portal(rows, unit, health="up", days=300) for _ in range(4)
    ]
    put = (
        "UPDATE portal SET rule_version = $2, proven_at = now() - make_interval(days => $3),"
        " every_minutes = $4 WHERE id = $1"
    )
    for portal_id, *values in (
        (silent, 1, 40, 60),
        (sound, 1, 2, 60),
        (slow, 1, 20, 10_080),
        (ruleless, None, 40, 60),
    ):
        await rows.execute(put, portal_id, *values)
    down = await a_portal(rows, unit, health="down", days=50, fault="timeout")
    board = (await projects.get(PATH, params={"unit": unit}, headers=as_("auditor"))).json()
    assert [line["portal_id"] for line in board["items"]] == [down, silent]
    line = board["items"][1]
    assert line["since"] == line["unproven_since"] == line["proven_at"]
    assert (line["health"], line["words"]["en"]) == ("up", "can be read, but proves no absence")
    assert board["unproven"] >= 1
    up = {"unit": unit, "health": "up"}
    board = (await projects.get(PATH, params=up, headers=as_("auditor"))).json()
    assert {line["portal_id"] for line in board["items"]} == {silent, sound, slow, ruleless}
    page = await projects.get(PATH, params={"format": "html"}, headers=as_("auditor"))
    assert "长期不能证明“未公开”" in page.text
    await rows.execute("UPDATE portal SET enabled = false WHERE unit_code = $1", unit)


async def test_a_host_whose_portals_wait_for_over_a_day_is_behind(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit = await make.unit(rows)
    portal_id = await a_portal(rows, unit, health="up", days=1)
    behind = "UPDATE portal SET rule_version = 1, next_run_at = '1999-01-01' WHERE id = $1"
    await rows.execute(behind, portal_id)
    asked = {"unit": unit, "health": "up"}
    board = (await projects.get(PATH, params=asked, headers=as_("admin"))).json()
    assert [line["portal_id"] for line in board["items"]] == [portal_id]
    first = board["behind"][0]
    assert (first["host"], first["portals"], first["behind"]) == (
        f"{portal_id}.example.gov.cn", 1, 1,
    )  # fmt: skip
    await rows.execute("UPDATE portal SET enabled = false WHERE id = $1", portal_id)


async def test_the_board_is_a_page_for_who_opens_it_in_a_browser(
    projects: httpx.AsyncClient, as_: Headers, source: tuple[str, str, dict[str, Any]]
) -> None:
    portal_id, unit, _ = source
    headers = as_("auditor", "*") | {"Accept": "text/html,application/xhtml+xml"}
    page = await projects.get(PATH, params={"unit": unit}, headers=headers)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == PAGE_POLICY
    assert f"unit={unit}&amp;verdict=unknown_source_down" in page.text
    assert f"{portal_id}.example.gov.cn" in page.text
    assert "个现在无法抓取" in page.text


async def test_whoever_may_not_see_portals_does_not_see_the_board(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    assert (await projects.get(PATH, headers=as_("officer", "D01"))).status_code == 403


def test_every_state_and_class_of_error_has_its_words() -> None:
    assert FAULTS.keys() == set(Fault)
    assert STATES.keys() == set(PortalHealth)


def test_a_board_without_faults_says_so() -> None:
    board = SourceBoard(
        as_of=clock.now(), states=[
            {"health": health, "words": {"zh": "-", "en": "-"}, "portals": 2, "units": 1}
            for health in (PortalHealth.UP,)
        ] + [{"health": health, "words": {"zh": "-", "en": "-"}, "portals": 0, "units": 0}
             for health in (PortalHealth.DOWN, PortalHealth.UNKNOWN)],
        switched_off=0, faults=[], waiting_duties=0, unproven=0, behind=[], items=[],
        next_cursor=None,
    )  # fmt: skip
    assert "2 个公开栏目都没有抓取故障" in printing.board_page(board, {})
