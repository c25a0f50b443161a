"""What was called proven or disputed by earlier rules is open again once the database is new."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from alembic import command

from deploy.local.nats import NatsServer
from services.projects.app import create_app
from services.projects.auditing import service as auditing
from services.projects.collecting.models import RunState
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.database.migrate import config
from tests import support
from tests.conftest import Headers
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk
from tests.projects.unruly_portal import listing
from tests.support import Databases, Tokens, eventually

BEFORE = "disputes"
DERIVED = {
    "publication": "last_absent_at, contradicted",
    "standing": "verdict, reason, over_by, absent_ord, claim_contradicted",
}
WAITING_FOR_A_PAGE = """
    SELECT FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE '%portal_page%' AND datname = current_database()
"""


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


def lower(url: str, revision: str) -> None:
    """Down to before a migration."""
    command.downgrade(config("projects", url), revision)


def renew(url: str) -> None:
    """Down to before the migration, and up again over what is there."""
    lower(url, BEFORE)
    command.upgrade(config("projects", url), "head")


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

    # Of a unit that is not read any more nothing newer comes.
    await owner.execute("UPDATE portal SET enabled = false")
    await asyncio.to_thread(renew, url)
    await judge(world)
    await world.desk.match()
    assert await owner.fetchval("SELECT proven_at FROM portal WHERE id = $1", portal_id) is None
    verdicts = [await world.verdict(each) for each in (duty, disputed)]
    assert verdicts == ["unknown_source_down", "unknown_source_down"]
    await owner.execute("UPDATE portal SET enabled = true")
    await owner.close()
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


async def test_what_one_walk_proved_absent_makes_nobody_late_and_says_so(
    old: tuple[World, str],
) -> None:
    world, url = old
    await world.register()
    duty, kept = await world.record(), await world.record(item_code="MP-02-02")
    await world.open()
    await world.walk(2)
    world.publish()
    await world.walk()
    await world.decide_by_two("accept")
    assert [await world.verdict(each) for each in (duty, kept)] == ["late", "overdue"]
    owner = await support.connect(url)
    await owner.execute("UPDATE collector_run SET list_marks = '[]', declared_pages = NULL")
    late = [
        (table, row)
        for table, columns in DERIVED.items()
        for row in await owner.fetch(f"SELECT {columns} FROM {table} WHERE duty_id = $1", duty)
    ]

    await asyncio.to_thread(renew, url)
    await world.desk.match()
    assert await world.verdict(duty) == "on_time"
    # A release beside ours that knows nothing of what was set aside derives the duty again.
    for table, values in late:
        derived = ", ".join(f"{name} = ${n}" for n, name in enumerate(values.keys(), 2))
        sql = f"UPDATE {table} SET {derived} WHERE duty_id = $1"
        await owner.execute(sql, duty, *values.values())
    await owner.close()
    assert await world.verdict(duty) == "late"
    await world.desk.match()
    assert await world.verdict(duty) == "on_time"
    path = f"/api/v1/duties/{duty}"
    shown = (await world.desk.client.get(path, headers=world.as_("auditor", "*"))).json()
    assert {(each["absence_set_aside"], each["last_absent_at"]) for each in shown["facts"]} == {
        (True, None)
    }
    moves = [(each["from_verdict"], each["to_verdict"]) for each in shown["history"]]
    assert moves[-2:] == [("late", "on_time")] * 2
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


async def test_a_page_that_is_listed_while_old_proofs_are_opened_takes_none_of_them_over(
    old: tuple[World, str],
) -> None:
    world, url = old
    at = [f"{world.address}/{name}" for name in "ba"]
    world.served.pages["/list"] = listing("/b|乙|2026-01-05", "/a|甲|2026-01-06")
    world.served.pages |= {"/a": "<p>甲</p>", "/b": "<p>乙</p>"}
    portal_id = await world.open()
    await world.walk(2)
    run_id = await world.desk.order(portal_id)
    walk = await world.desk.collector._claim()
    assert walk is not None
    owner, other = await support.connect(url), await support.connect(url)
    await owner.execute("UPDATE collector_run SET list_marks = '[]'")
    await asyncio.to_thread(lower, url, "audit_log_only_grows")
    async with other.transaction():
        # The pages are taken up in the order of their addresses, as walks take them.
        await other.execute("SELECT FROM portal_page WHERE url = $1 FOR UPDATE", at[0])
        upgrade = asyncio.to_thread(command.upgrade, config("projects", url), "head")
        renewing = asyncio.create_task(upgrade)
        await eventually(lambda: owner.fetch(WAITING_FOR_A_PAGE))
        with pytest.raises(asyncpg.LockNotAvailableError):
            await owner.execute("SELECT FROM portal_page WHERE url = $1 FOR UPDATE NOWAIT", at[1])
        proven = "SELECT proven_at FROM portal WHERE id = $1"
        assert await owner.fetchval(proven, portal_id) is None
        state = "SELECT state, runner FROM collector_run WHERE id = $1"
        [run] = await owner.fetch(state, run_id)
        assert tuple(run) == (RunState.QUEUED, None)
    await renewing
    await walk.go()
    assert (await world.desk.run(run_id)).state is RunState.QUEUED
    await other.close()
    await owner.close()


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
