"""A duty may have to appear on several carriers: one ends its clock, all are its coverage."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.release_register import ITEM, Register, publish_today
from tests.projects.unruly_portal import listing
from tests.provoking import provokes
from tests.support import Connect

NOBODY = "00000000-0000-7000-8000-000000000000"
SITE: dict[str, Any] = {
    "name": "门户网站",
    "name_en": "Portal",
    "kind": "site",
    "is_statutory": True,
}


async def put(client: httpx.AsyncClient, as_: Headers, code: str, **others: Any) -> httpx.Response:
    body = SITE | others
    return await client.put(f"/api/v1/carriers/{code}", json=body, headers=as_("admin", "*"))


@provokes("put_carrier", "state-conflict")
@provokes("put_carrier", "unknown-reference")
@provokes("get_carrier", "not-found")
async def test_carriers_are_data_with_versions(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    unit = await make.unit(await sql("projects"))
    code = f"site-{unit}"
    assert (await projects.get(f"/api/v1/carriers/{code}")).status_code == 404
    made = await put(projects, as_, code, unit_code=unit, must_for=["MP-02"])
    assert (made.status_code, made.json()["version"]) == (201, 1)
    blind = await put(projects, as_, code, enabled=False)
    assert (blind.status_code, blind.json()["state"]) == (409, "enabled")
    changed = await put(projects, as_, code, must_for=["*"], version=1)
    assert (changed.status_code, changed.json()["must_for"]) == (200, ["*"])
    assert (await put(projects, as_, code, version=1)).status_code == 409
    assert (await projects.get(f"/api/v1/carriers/{code}")).json() == changed.json()
    listed = (await projects.get("/api/v1/carriers", params={"limit": 200})).json()["items"]
    assert code in [one["code"] for one in listed]
    for reference in ({"unit_code": "NONE9"}, {"portal_id": "no-such-portal"}):
        unknown = await put(projects, as_, f"{code}-x", **reference)
        assert unknown.json()["type"] == "/problems/unknown-reference"
    officer = as_("officer", unit)
    refused = await projects.put(f"/api/v1/carriers/{code}", json=SITE, headers=officer)
    assert refused.status_code == 403


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        await world.register()
        yield world


async def carried(world: World, path: str = "/list", **others: Any) -> tuple[str, str]:
    """A portal of the unit that is a carrier; its id and the carrier's code."""
    portal, code = await world.open(path), f"{others.get('kind', 'site')}-{world.unit}"
    must = {"unit_code": world.unit, "portal_id": portal, "must_for": ["MP-02"]}
    answer = await put(world.desk.client, world.as_, code, **must | others)
    assert answer.status_code == 201, answer.text
    return portal, code


async def coverage(world: World, duty: str) -> dict[str, Any]:
    answer = await world.desk.client.get(
        f"/api/v1/duties/{duty}/carriers", headers=world.as_("officer", world.unit)
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_coverage_is_reached_of_must_and_stands_on_the_duty(world: World) -> None:
    duty = await world.record(on=long_ago(3))
    await carried(world)
    paper = f"paper-{world.unit}"
    client, as_ = world.desk.client, world.as_
    await put(client, as_, paper, kind="press", unit_code=world.unit, must_for=[ITEM])
    await put(client, as_, f"radio-{world.unit}", kind="broadcast", unit_code=world.unit)
    before = await coverage(world, duty)
    assert (before["must"], before["reached"]) == (2, 0)
    assert [one["is_must"] for one in before["carriers"]] == [True, True, False]
    publish_today(world)
    await world.walk()
    assert (await coverage(world, duty))["reached"] == 1
    register = Register(client, as_, world.unit, world.project)
    pushed = await register.push(places=[{"carrier_code": paper}])
    assert (await coverage(world, duty))["reached"] == 1, "nobody has looked"
    await world.desk.match()
    pushed = await register.read(pushed)
    await register.take(pushed, "verify", "auditor-d", {"reason": "已在当日报纸第8版核对"})
    reached = await coverage(world, duty)
    assert (reached["must"], reached["reached"]) == (2, 2)
    shown = await client.get(f"/api/v1/duties/{duty}", headers=as_("auditor"))
    assert shown.json()["coverage"] == {"must": 2, "reached": 2}


async def test_only_a_statutory_carrier_ends_the_clock_and_keeps_it(world: World) -> None:
    """The other one is reached, and the duty is as unpublished as before, or as withdrawn."""
    duty = await world.record()
    _, code = await carried(world, is_statutory=False, kind="wechat")
    world.publish()
    await world.walk(2)
    [wechat] = (await coverage(world, duty))["carriers"]
    assert (wechat["code"], bool(wechat["reached_at"])) == (code, True)
    assert await world.verdict(duty) == "overdue"
    await carried(world, "/site", kind="site")
    world.publish(at="/b", listed=False)
    world.served.pages["/site"] = listing(f"/b|{world.name}建议书批复|{long_ago()}")
    await world.walk()
    assert await world.verdict(duty) == "on_time"
    del world.served.pages["/b"]
    world.served.pages["/site"] = listing("/meeting|关于召开会议的通知|2026-01-05")
    await world.walk()
    assert await world.verdict(duty) == "withdrawn"


QUARTER, NEXT = "2026年第一季度", "2026年第二季度"


@pytest.mark.parametrize(
    ("named", "reached"),
    [
        ({}, []),
        ({"subject": QUARTER}, [QUARTER]),
        ({"subject": "2025年第一季度"}, []),
        ({"doc_no": "宁扶〔2026〕1号"}, [QUARTER]),
        ({"doc_no": "宁扶〔2026〕2号"}, []),
        ({"subject": QUARTER, "doc_no": "宁扶〔2026〕2号"}, []),
        ({"subject": NEXT, "doc_no": "宁扶〔2026〕7号"}, [NEXT]),
    ],
)
async def test_an_entry_of_one_quarter_is_about_that_quarter(
    projects: httpx.AsyncClient,
    as_: Headers,
    sql: Connect,
    named: dict[str, Any],
    reached: list[str],
) -> None:
    """Both are of one unit and item, and of no project."""
    unit = await make.unit(await sql("projects"))
    code = f"wechat-{unit}"
    await put(projects, as_, code, kind="wechat", unit_code=unit, must_for=["MP-02"])
    about = {QUARTER: {"doc_no": "宁扶〔2026〕1号"}, NEXT: {}}
    duties = {}
    for subject, others in about.items():
        body = make.event("", unit, "2026-03-02", subject=subject, **others)
        made = await make.duty(projects, as_("officer", unit), body | {"project_code": None})
        duties[subject] = made["id"]
    register = Register(projects, as_, unit, "")
    places = [{"carrier_code": code}]
    pushed = await register.push(project_code=None, places=places, **named)
    await (await sql("projects")).execute(
        "UPDATE release_place SET seen_at = now() WHERE release_id = $1", pushed["id"]
    )
    await (await sql("projects")).execute(
        "UPDATE registered_release SET state = 'verified' WHERE id = $1", pushed["id"]
    )
    found = []
    for subject, duty in duties.items():
        path = f"/api/v1/duties/{duty}/carriers"
        answer = await projects.get(path, headers=as_("officer", unit))
        if answer.json()["reached"]:
            found.append(subject)
    assert found == reached


@provokes("list_duty_carriers", "not-found")
async def test_the_carriers_of_a_duty_are_its_units_to_see(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    duty = await make.duty(projects, as_("officer", unit), make.event(project, unit, "2026-03-02"))
    stranger = as_("officer", await make.unit(rows))
    for duty_id in (duty["id"], NOBODY):
        path = f"/api/v1/duties/{duty_id}/carriers"
        assert (await projects.get(path, headers=stranger)).status_code == 404
