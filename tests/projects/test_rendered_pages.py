"""Pages that scripts fill are read as a rendering service shows them, where there is one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import Response

from services.projects.collecting.models import CollectorRun, RunState
from services.projects.collecting.running import Collector
from services.projects.evidence import service as evidence
from services.projects.evidence.rules import content_hash
from services.projects.evidence.verifying import StoredEvidence, verify
from services.projects.fetching.rendering import Renderer
from shared import clock
from tests.projects.collecting_world import PATIENT, PLAIN_RULE, Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing

RULE = {**PLAIN_RULE, "rendered": ["list", "pages"]}
SHELL = "<html><body><div id=app></div><script src=/app.js></script></body></html>"


@dataclass
class RenderingService:
    """Answers for an address with the page that its scripts make."""

    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        url = Request(scope, receive).query_params["url"]
        self.asked.append(url)
        page = self.pages.get("/" + url.split("/", 3)[3], "<p>没有这一页</p>")
        answer = Response(page.encode("gb18030"), self.status, media_type="text/html; charset=gbk")
        await answer(scope, receive, send)


@dataclass
class World:
    """A portal of shells, and who renders it."""

    desk: Desk
    portal: UnrulyPortal
    service: RenderingService
    renderer: Renderer
    portal_id: str

    async def walk(self, renderer: Renderer | None) -> CollectorRun:
        run_id = await self.desk.order(self.portal_id)
        collector = Collector(self.desk.sessions, self.desk.files, PATIENT, renderer=renderer)
        await collector.work(clock.now())
        return await self.desk.run(run_id)


@pytest.fixture
async def world(desk: Desk) -> AsyncIterator[World]:
    portal, service, portal_id = UnrulyPortal(), RenderingService(), f"t-{uuid4().hex[:10]}"
    portal.pages |= {"/list": SHELL, "/a": SHELL}
    service.pages["/list"] = listing("/a|宁川大桥批复|2026-01-05")
    service.pages["/a"] = "<h1>宁川大桥批复</h1><p>项目代码：2605-359900-44-05-523645</p>"
    async with serving(portal) as address, serving(service) as there:
        await desk.portal(portal_id, f"{address}/list", rule=RULE)
        renderer = Renderer(f"{there}/render?url={{url}}")
        yield World(desk, portal, service, renderer, portal_id)


async def test_a_rendered_page_is_read_and_kept_with_what_was_fetched(world: World) -> None:
    run = await world.walk(world.renderer)
    assert (run.state, run.items, run.errors) == (RunState.FINISHED, 1, [])
    found = "SELECT project_code, evidence_id FROM portal_page WHERE portal_id = :id"
    [page] = await world.desk.rows(found, id=world.portal_id)
    assert page["project_code"] == "2605-359900-44-05-523645"
    async with world.desk.sessions() as session:
        capture = await evidence.visible(session, page["evidence_id"], None)
        shown = await evidence.raw(world.desk.files, capture)
        before = await evidence.newest_of_url(session, world.portal_id, f"{capture.url}#fetched")
        checked = await verify(StoredEvidence(session, world.desk.files))
    assert not [fault for fault in checked.faults if fault.where.startswith(world.portal_id)]
    assert "项目代码" in shown.decode()
    assert before is not None
    assert await world.desk.files.get(before.sha256) == SHELL.encode()
    assert capture.headers["x-rendered-from"] == before.sha256 == content_hash(SHELL.encode())
    assert capture.headers["x-rendered-by"] in world.renderer.address


async def test_what_scripts_show_is_looked_at_again_although_the_page_has_not_changed(
    world: World,
) -> None:
    await world.walk(world.renderer)
    world.service.pages["/list"] = listing("/a|宁川大桥批复|2026-01-05", "/b|新的一项|2026-01-06")
    world.portal.pages["/b"] = SHELL
    assert (await world.walk(world.renderer)).items == 2
    count = "SELECT count(*) AS n FROM capture WHERE chain = :id AND url LIKE '%/list#fetched'"
    assert (await world.desk.rows(count, id=world.portal_id))[0]["n"] == 1


async def test_without_a_rendering_service_such_a_portal_is_not_read_at_all(world: World) -> None:
    run = await world.walk(None)
    assert (run.state, run.errors[-1]["fault"]) == (RunState.FAILED, "unreadable")
    assert world.service.asked == []


async def test_other_portals_are_read_as_they_are(world: World) -> None:
    world.portal.pages["/list"] = listing("/a|甲|2026-01-05")
    await world.desk.rule(world.portal_id, PLAIN_RULE)
    assert (await world.walk(world.renderer)).items == 1
    assert world.service.asked == []


async def test_what_the_service_cannot_show_is_the_pages_fault(world: World) -> None:
    world.service.status = 500
    run = await world.walk(world.renderer)
    assert (run.state, run.errors[-1]["fault"]) == (RunState.FAILED, "unreadable")


async def test_a_service_that_is_away_is_no_portals_fault(world: World) -> None:
    async with serving(UnrulyPortal()) as gone:
        pass
    run = await world.walk(replace(world.renderer, address=f"{gone}/{{url}}"))
    assert (run.state, run.error_count) == (RunState.RUNNING, 0)
    back = "UPDATE collector_run SET lease_until = now() WHERE id = :id"
    await world.desk.do(back, id=run.id)
    await world.desk.collector.work(clock.now())
    assert (await world.desk.run(run.id)).state is RunState.FAILED
