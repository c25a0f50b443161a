"""No unit clears a finding on itself by what it calls its project: a second person decides."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk
from tests.provoking import provokes

OTHER = "金水河跨线通道改造"


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def accused(world: World, code: str | None = None) -> str:
    """A duty that is overdue, whose page is online under another name or code; its id."""
    title = "关于某工程建议书的批复" if code else f"{OTHER}建议书批复"
    world.publish(title, code=code)
    await world.register(lead_unit=world.unit)
    duty = await world.record()
    await world.open()
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"
    return duty


async def change(world: World, **changes: Any) -> httpx.Response:
    """A change of the project by the officer of its unit."""
    body: dict[str, Any] = {"name": world.name, "approval_kind": "examine", "scope_basis": "测试"}
    body |= {"lead_unit": world.unit, "version": world.version} | changes
    officer = world.as_("officer", world.unit, sub=f"officer-{world.unit}")
    path = f"/api/v1/projects/{world.project}"
    answer = await world.desk.client.put(path, json=body, headers=officer)
    assert answer.status_code == 200, answer.text
    world.version = answer.json()["version"]
    return answer


async def confirm(world: World, version: int, role: str = "auditor") -> httpx.Response:
    path = f"/api/v1/projects/{world.project}/confirm-names"
    headers = world.as_(role, world.unit if role == "officer" else "*")
    return await world.desk.client.post(path, json={"version": version}, headers=headers)


@pytest.mark.parametrize("kind", ["alias", "name", "code", "import"])
async def test_a_name_that_an_officer_gives_clears_no_finding_until_an_auditor_has_looked(
    world: World, kind: str
) -> None:
    code = make.project_code()
    duty = await accused(world, code if kind == "code" else None)
    if kind == "import":
        csv = "code,name,approval_kind,lead_unit,scope_basis\n"
        csv += f"{world.project},{OTHER},examine,{world.unit},测试\n"
        headers = {**world.as_("officer", world.unit), "Content-Type": "text/csv"}
        done = await world.desk.client.post(
            "/api/v1/projects:import", content=csv.encode(), headers=headers
        )
        assert done.status_code == 200, done.text
    else:
        names: dict[str, Any] = {"aliases": [code if kind == "code" else OTHER]}
        answer = await change(world, **({"name": OTHER} if kind == "name" else names))
        assert answer.json()["names_confirmed"] is False
    await world.desk.match()
    assert await world.verdict(duty) == "overdue"
    [match] = await world.queue()
    assert (match["reason"], match["duty"]["id"]) == ("named_by_unit", duty)
    await world.walk()
    assert await world.verdict(duty) == "overdue"
    accepted = await world.desk.client.post(
        f"/api/v1/matches/{match['id']}/accept",
        json={"version": match["version"]},
        headers=world.as_("auditor", "*"),
    )
    assert accepted.json()["state"] == "accepted"
    assert await world.verdict(duty) == "on_time"


@provokes("confirm_project_names", "not-found")
@provokes("confirm_project_names", "state-conflict")
async def test_names_that_an_auditor_confirms_count_within_one_sweep(world: World) -> None:
    duty = await accused(world)
    await change(world, aliases=[OTHER])
    assert (await confirm(world, world.version, "officer")).status_code == 403
    stale = await confirm(world, world.version - 1)
    assert (stale.status_code, stale.json()["version"]) == (409, world.version)
    confirmed = await confirm(world, world.version)
    assert confirmed.json()["names_confirmed"] is True
    again = await confirm(world, confirmed.json()["version"])
    assert (again.status_code, again.json()["type"]) == (409, "/problems/state-conflict")
    await world.desk.match()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])
    world.project = make.project_code()
    assert (await confirm(world, 1)).status_code == 404


async def test_every_change_of_a_project_is_in_the_audit_log(world: World) -> None:
    await accused(world)
    await change(world, aliases=[OTHER])
    await confirm(world, world.version)
    lines = await world.desk.rows(
        "SELECT actor, action, details FROM audit_log WHERE object = :object ORDER BY id",
        object=f"project:{world.project}",
    )
    actions = ["project.put", "project.put", "project.names_confirmed"]
    assert [line["action"] for line in lines] == actions
    assert lines[1]["actor"] == f"officer-{world.unit}"
    assert lines[1]["details"]["names"] == [world.name, OTHER]
    assert lines[1]["details"]["confirmed"] == [world.name]


async def test_an_administrators_own_names_count_at_once(world: World) -> None:
    duty = await accused(world)
    await change(world, aliases=["老名字大桥"])
    await world.register(lead_unit=world.unit, aliases=[OTHER])
    await world.desk.match()
    assert await world.verdict(duty) == "on_time"


@pytest.mark.parametrize("way", ["change", "import"])
async def test_who_changes_something_else_confirms_no_name_that_an_officer_gave(
    world: World, way: str
) -> None:
    duty = await accused(world)
    await change(world, aliases=[OTHER])
    if way == "change":
        await world.register(lead_unit=world.unit, aliases=[OTHER], phase="completed")
        await world.register(lead_unit=world.unit, phase="bidding")
    else:
        csv = "code,name,approval_kind,phase,lead_unit,scope_basis\n"
        csv += f"{world.project},{world.name},examine,completed,{world.unit},测试\n"
        headers = {**world.as_("admin", "*"), "Content-Type": "text/csv"}
        done = await world.desk.client.post(
            "/api/v1/projects:import", content=csv.encode(), headers=headers
        )
        assert (done.status_code, done.json()["updated"]) == (200, 1), done.text
    await world.desk.match()
    assert await world.verdict(duty) == "overdue"
    sql = "SELECT aliases, confirmed_names FROM project WHERE code = :code"
    [project] = await world.desk.rows(sql, code=world.project)
    assert (project["aliases"], project["confirmed_names"]) == ([OTHER], [world.name])


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from([OTHER, "东湖片区管网工程"]),
        "aliases": st.lists(st.sampled_from([OTHER, "老名字大桥", "西环路一段"]), max_size=2),
        "phase": st.sampled_from(["bidding", "completed"]),
    },
)


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(CHANGES, min_size=1, max_size=4), walks=st.booleans())
async def test_no_change_by_an_officer_of_the_accused_unit_lifts_its_red_light(
    desk: Desk, as_: Headers, changes: list[dict[str, Any]], walks: bool
) -> None:
    async with new_world(desk, as_) as world:
        duty = await accused(world)
        for each in changes:
            await change(world, **each)
            await (world.walk() if walks else world.desk.match())
            assert await world.verdict(duty) == "overdue"


async def test_nobody_alone_makes_a_duty_overdue_by_rejecting_before_its_limit(
    world: World,
) -> None:
    today = clock.today(clock.now())
    world.publish(f"{world.name}公示", claimed_on=today, code=None)
    await world.register()
    duty = await world.record(on=today)
    await world.open()
    await world.walk(2)
    [match] = await world.queue()
    assert await world.verdict(duty) == "pending"
    for person, state in (("auditor-a", "review"), ("auditor-b", "rejected")):
        answer = await world.desk.client.post(
            f"/api/v1/matches/{match['id']}/reject",
            json={"version": match["version"]},
            headers=world.as_("auditor", "*", sub=person),
        )
        match = answer.json()
        assert (match["state"], match["reason"]) == (state, "makes_overdue")
    assert await world.verdict(duty) == "pending"
