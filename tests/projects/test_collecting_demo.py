"""The whole of it: the demo city's portal collected, matched and judged against the known truth."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest

from deploy import check_proof
from deploy.local.nats import NatsServer
from services.projects import demo, demo_portals, examples_evidence
from services.projects.app import create_app as projects_app
from services.projects.auditing import service as auditing
from services.projects.demo_portal.app import create_app
from services.projects.demo_world import Case, World, world
from services.projects.matching import service as matching
from services.projects.matching.models import MatchState
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.security.identity import Caller
from tests import support
from tests.conftest import Headers
from tests.projects.collecting_world import Desk, serving
from tests.support import Databases, Tokens

pytestmark = pytest.mark.xdist_group("demo-city")

AUDITOR = Caller("auditor-1", frozenset({"auditor"}), frozenset({"*"}))
LOADER = Caller("demo", frozenset({"admin", "system"}), frozenset({"*"}))


@pytest.fixture(scope="module")
def city() -> World:
    return world(clock.today(clock.now()))


@pytest.fixture(scope="module")
async def desk(
    databases: Databases,
    bus: NatsServer,
    tokens: Tokens,
    city: World,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Desk]:
    """The demo city's duties in a database, its portal walked twice, its pages matched."""
    url = databases.new("projects", "onedoor_projects_demo").service
    folder = tmp_path_factory.mktemp("evidence")
    settings = support.settings_for(
        "projects", url, bus, tokens, background=False, evidence_dir=folder
    )
    engine = new_engine(settings, "tests")
    async with (
        support.serve(projects_app(settings)) as client,
        serving(create_app(city.today)) as portal,
    ):
        desk = Desk(new_sessions(engine), folder, client)
        async with desk.sessions() as session, session.begin():
            await demo.load(session, clock.now())
            await demo_portals.load(session, portal, clock.now())
        for _ in range(2):
            await desk.do("UPDATE portal SET next_run_at = now()")
            await desk.collector.work(clock.now())
            await desk.match()
        yield desk
    await engine.dispose()


async def _verdicts(desk: Desk) -> dict[tuple[str, str, str], str]:
    rows = await desk.rows(
        "SELECT d.unit_code, d.project_code, d.item_code, s.verdict FROM duty d"
        " JOIN standing s ON s.duty_id = d.id"
    )
    return {(r["unit_code"], r["project_code"], r["item_code"]): r["verdict"] for r in rows}


async def test_every_portal_but_the_broken_one_is_up_and_walked_whole_if_it_lists_everything(
    desk: Desk,
) -> None:
    rows = await desk.rows("SELECT id, health, fault, walked_at FROM portal")
    assert len(rows) == 18
    down = {row["id"]: row["fault"] for row in rows if row["health"] != "up"}
    assert down == {"demo-D14": "server_error"}
    whole = {row["id"] for row in rows if row["health"] == "up" and row["walked_at"]}
    assert {row["id"] for row in rows} - whole == {"demo-D10", "demo-D14", "demo-D16"}


async def test_every_page_of_the_city_is_found_once(desk: Desk, city: World) -> None:
    rows = await desk.rows("SELECT url FROM portal_page WHERE detail_state = 'read'")
    found = Counter("/" + row["url"].split("/", 3)[3] for row in rows)
    assert {page.path for page in city.pages} - found.keys() == set()
    assert max(found.values()) == 1


async def test_what_stands_in_files_was_read_as_evidence_of_their_pages(desk: Desk) -> None:
    rows = await desk.rows(
        "SELECT a.kind, a.fault, p.project_code FROM attachment a"
        " JOIN portal_page p ON p.id = a.page_id ORDER BY a.kind"
    )
    assert [(row["kind"], row["fault"]) for row in rows] == [
        ("docx", None),
        ("pdf", None),
        ("sheet", None),
    ]
    assert all(row["project_code"] for row in rows)


async def test_every_duty_is_judged_as_the_city_knows(
    desk: Desk, city: World, as_: Headers
) -> None:
    await _accept_all(desk, as_)
    async with desk.sessions() as session, session.begin():
        await auditing.judge_all(session, clock.now(), actor="test")
    judged = await _verdicts(desk)
    wrong = [
        (duty.case, duty.verdict, judged[duty.unit_code, duty.project_code, duty.item_code], duty)
        for duty in city.duties
        if judged[duty.unit_code, duty.project_code, duty.item_code] != duty.verdict
    ]
    assert not wrong


async def test_the_proof_of_each_kind_of_verdict_is_whole(
    desk: Desk, city: World, as_: Headers
) -> None:
    chosen = {duty.case: duty for duty in city.duties}
    rows = await desk.rows(
        "SELECT id, unit_code, project_code, item_code FROM duty ORDER BY formed_on"
    )
    ids = {(r["unit_code"], r["project_code"], r["item_code"]): r["id"] for r in rows}
    for case, duty in chosen.items():
        duty_id = ids[duty.unit_code, duty.project_code, duty.item_code]
        path = f"/api/v1/duties/{duty_id}/proof.zip"
        answer = await desk.client.get(path, headers=as_("auditor", "*"))
        with ZipFile(BytesIO(answer.content)) as proof:
            files = {name: proof.read(name) for name in proof.namelist()}
        assert json.loads(files["verdict.json"])["verdict"] == duty.verdict, case
        assert check_proof.check(files, {}) == [], case


async def test_the_examples_of_evidence_are_of_what_is_there(desk: Desk) -> None:
    paths = {
        "get_evidence": "evidence/{evidence_id}",
        "get_evidence_warc": "evidence/{evidence_id}.warc.gz",
        "compare_evidence": "evidence/{evidence_id}/diff",
        "get_proof": "duties/{duty_id}/proof.zip",
        "read_duty_elements": "duties/{duty_id}/elements",
    }
    async with desk.sessions() as session:
        found = await examples_evidence.found(session)
    assert found.keys() == paths.keys()
    for operation, example in found.items():
        path = f"/api/v1/{paths[operation].format(**example.path)}"
        answer = await desk.client.get(path, params=example.query)
        assert answer.status_code == 200, operation


async def _accept_all(desk: Desk, as_: Headers) -> None:
    async with desk.sessions() as session:
        waiting = await matching.listed(
            session, AUDITOR, state=MatchState.REVIEW, unit=None, after=None, limit=200
        )

    async def accept(match: UUID, version: int, sub: str) -> dict[str, Any]:
        path, headers = f"/api/v1/matches/{match}/accept", as_("auditor", "*", sub=sub)
        answer = await desk.client.post(path, json={"version": version}, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    for row in waiting:
        first = await accept(row.id, row.version, "auditor-1")
        assert first["state"] == "review"
        await accept(row.id, first["version"], "auditor-2")


async def test_only_matches_that_mean_late_or_early_waited_for_a_person(
    desk: Desk, city: World
) -> None:
    rows = await desk.rows("SELECT reason, count(*) AS n FROM page_match GROUP BY reason")
    late = sum(duty.case in (Case.LATE, Case.EARLY) for duty in city.duties)
    assert {row["reason"]: row["n"] for row in rows if row["reason"]} == {"makes_late": late}
