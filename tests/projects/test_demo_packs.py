"""The demo's packs: taken over, walked on the demo portal, each duty judged as the city knows."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.nats import NatsServer
from services.projects import demo, demo_packs, demo_packs_loading
from services.projects.app import create_app as projects_app
from services.projects.auditing import service as auditing
from services.projects.demo_portal.app import create_app
from services.projects.demo_world import world
from services.projects.duties.following.service import follow
from services.projects.packs import periods
from shared import clock
from shared.database.engine import new_engine, new_sessions
from tests import support
from tests.conftest import Headers
from tests.projects.collecting_world import Desk, serving
from tests.support import Databases, Tokens

EXPECTED = {
    "FB-01": "on_time",
    "FB-03": "overdue",
    "PR-02-04": "on_time",
    "PR-02-03": "pending",
    "PW-02": "on_time",
    "DE-10": "on_time",
    "DE-09": "on_time",
    "GEN-01": "on_time",
}


@pytest.fixture
async def desk(
    databases: Databases, bus: NatsServer, tokens: Tokens, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """The packs' columns walked twice, their pages matched, what follows them dated."""
    url = databases.new("projects", "onedoor_projects_demo_packs").service
    folder = tmp_path_factory.mktemp("evidence")
    settings = support.settings_for(
        "projects", url, bus, tokens, background=False, evidence_dir=folder
    )
    engine, now = new_engine(settings, "tests"), clock.now()
    async with (
        support.serve(projects_app(settings)) as client,
        serving(create_app(clock.today(now))) as portal,
    ):
        desk = Desk(new_sessions(engine), folder, client)
        await desk.ask_for_no_gap()
        async with desk.sessions() as session, session.begin():
            await demo.put_units(session, world(clock.today(now)))
            assert await demo_packs_loading.load(session, now) == len(EXPECTED)
        await periods.make_due(desk.sessions, now)
        async with desk.sessions() as session, session.begin():
            assert await demo_packs_loading.load(session, now) == 0
            columns = await demo_packs_loading.load_columns(session, portal, now)
            assert columns == len(demo_packs.columns())
        for _ in range(2):
            await desk.do("UPDATE portal SET next_run_at = now()")
            await desk.collector.work(clock.now())
            await desk.match()
        async with desk.sessions() as session, session.begin():
            await follow(session, clock.now())
        yield desk
    await engine.dispose()


async def test_every_duty_of_a_pack_is_judged_as_the_city_knows(desk: Desk, as_: Headers) -> None:
    async with desk.sessions() as session, session.begin():
        await auditing.judge_all(session, clock.now(), actor="test")
    rows = await desk.rows(
        "SELECT d.item_code, d.subject, s.verdict, s.reason FROM duty d"
        " JOIN standing s ON s.duty_id = d.id WHERE d.project_code IS NULL"
    )
    found = {(row["item_code"], row["subject"]): row["verdict"] for row in rows}
    known = demo_packs.duties(clock.today(clock.now()))
    assert found.keys() == {(duty.item_code, duty.subject) for duty in known}
    wrong = [
        (duty, found[duty.item_code, duty.subject])
        for duty in known
        if not duty.is_made and found[duty.item_code, duty.subject] != EXPECTED[duty.item_code]
    ]
    assert not wrong
    quarters = [found[d.item_code, d.subject] for d in known if d.is_made and d.published_on]
    assert set(quarters) == {"on_time"}
    packs = (await desk.client.get("/api/v1/packs")).json()["items"]
    assert all(pack["adopted"] for pack in packs)
