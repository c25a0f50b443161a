"""What was called proven or disputed by earlier rules is open again once the database is new."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command

from deploy.local.nats import NatsServer
from services.projects.app import create_app
from services.projects.auditing import service as auditing
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.database.migrate import config
from tests import support
from tests.conftest import Headers
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk
from tests.support import Databases, Tokens

BEFORE = "disputes"


@pytest.fixture
async def old(
    databases: Databases, bus: NatsServer, tokens: Tokens, as_: Headers, tmp_path: Path
) -> AsyncIterator[tuple[World, str]]:
    """A world in a database of its own, and its owner's address."""
    addresses = databases.new("projects", f"projects_before_{uuid4().hex[:8]}")
    settings = support.settings_for(
        "projects", addresses.service, bus, tokens, background=False, evidence_dir=tmp_path
    )
    engine = new_engine(settings, "tests")
    async with support.serve(create_app(settings)) as client:
        desk = Desk(new_sessions(engine), tmp_path, client)
        await desk.ask_for_no_gap()
        async with new_world(desk, as_) as world:
            yield world, addresses.owner
    await engine.dispose()


def renew(url: str) -> None:
    """Down to before the migration, and up again over what is there."""
    cfg = config("projects", url)
    cfg.attributes["metadata"] = import_module("services.projects.tables").Table.metadata
    command.downgrade(cfg, BEFORE)
    command.upgrade(cfg, "head")


async def judge(world: World) -> None:
    async with world.desk.sessions() as session, session.begin():
        await auditing.judge_whole(session, clock.now())


async def test_what_single_walks_proved_and_disputes_without_a_case_are_open_again(
    old: tuple[World, str],
) -> None:
    world, url = old
    await world.register()
    duty, disputed = await world.record(), await world.record(doc_no="宁发改〔2026〕1号")
    portal_id = await world.open()
    await world.walk(2)
    owner = await support.connect(url)
    await owner.execute("UPDATE portal SET proven_at = walked_at")
    await owner.execute("UPDATE collector_run SET list_marks = '[]', declared_pages = NULL")
    await owner.execute(
        "INSERT INTO duty_ruling (id, duty_id, kind, document, reason, ruled_at, ruled_by) VALUES"
        " (uuidv7(), $1::uuid, 'dispute', '宁发改函〔2026〕8号', '其实按时', now(), 'officer-a')",
        disputed,
    )
    for table, key in (("duty", "id"), ("standing", "duty_id")):
        sql = f"UPDATE {table} SET hold = 'disputed' WHERE {key} = $1::uuid"
        await owner.execute(sql, disputed)
    await judge(world)
    verdicts = [await world.verdict(each) for each in (duty, disputed)]
    assert verdicts == ["overdue", "time_disputed"]

    await asyncio.to_thread(renew, url)
    await judge(world)
    await world.desk.match()
    assert await owner.fetchval("SELECT proven_at FROM portal WHERE id = $1", portal_id) is None
    await owner.close()
    verdicts = [await world.verdict(each) for each in (duty, disputed)]
    assert verdicts == ["unknown_source_down", "unknown_source_down"]
    auditor = world.as_("auditor", "*")
    found = await world.desk.client.get(f"/api/v1/disputes?duty={disputed}", headers=auditor)
    [case] = found.json()["items"]
    assert (case["state"], case["opened_by"], case["overdue"]) == ("open", "officer-a", False)
    assert (case["disputed_verdict"], case["reason"]) == ("overdue", "其实按时")
    await world.walk(2)
    assert [await world.verdict(each) for each in (duty, disputed)] == ["overdue", "overdue"]
    decided = await world.desk.client.post(
        f"/api/v1/disputes/{case['id']}/decide",
        json={"ruling": "upheld", "reason": "有存证"},
        headers=auditor,
    )
    assert (decided.status_code, decided.json()["verdict"]) == (200, "time_disputed")


async def test_what_two_walks_proved_stays_proven(old: tuple[World, str]) -> None:
    world, url = old
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    await asyncio.to_thread(renew, url)
    await judge(world)
    await world.desk.match()
    assert await world.verdict(duty) == "overdue"
