"""What others do while pages are matched is neither lost nor undone."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import NAMES_ITEM, World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.support import connect
from tests.waiting import until_it_waits


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def test_what_a_person_confirmed_meanwhile_keeps_its_facts(world: World) -> None:
    world.publish()
    await world.register()
    first = await world.record()
    await world.open()
    await world.walk(2)
    await world.record(kind="decided")
    url = world.desk.engine_url.set(drivername="postgresql").render_as_string(hide_password=False)
    person: asyncpg.Connection = await connect(url)
    decision = person.transaction()
    await decision.start()
    confirm = "UPDATE page_match SET decided_by = 'auditor-a', version = version + 1"
    await person.execute(f"{confirm} WHERE duty_id = $1", first)
    matching = asyncio.create_task(world.desk.match())
    await until_it_waits(person, matching)
    await decision.commit()
    await person.close()
    await matching
    assert await world.verdict(first) == "on_time"
    sql = "SELECT 1 FROM publication_fact WHERE duty_id = CAST(:id AS uuid) AND kind = 'taken_back'"
    assert await world.desk.rows(sql, id=first) == []


@pytest.mark.parametrize("decision", ["rejected", "accepted"])
async def test_what_a_person_decides_while_it_becomes_sure_is_decided_by_the_person(
    world: World, decision: str
) -> None:
    world.publish()
    await world.register()
    duty = await world.record()
    portal_id = await world.open(items=())
    await world.walk()
    [unclear] = await world.queue()
    await world.desk.rule(
        portal_id, {"list": {"rows": "li", "date": "span"}, "items": [NAMES_ITEM]}
    )
    url = world.desk.engine_url.set(drivername="postgresql").render_as_string(hide_password=False)
    person: asyncpg.Connection = await connect(url)
    async with person.transaction():
        await person.execute("SELECT pg_advisory_xact_lock(hashtextextended('projects.judge', 11))")
        matching = asyncio.create_task(world.desk.match())
        await until_it_waits(person, matching)
        await person.execute(
            "UPDATE page_match SET state = $2, version = version + 1, decided_at = now(),"
            " decided_by = 'auditor-a' WHERE id = $1",
            unclear["id"],
            decision,
        )
        await person.execute(
            "INSERT INTO match_refusal SELECT uuidv7(), p.id, $2,"
            " (p.claimed_at AT TIME ZONE 'Asia/Shanghai')::date, p.formed_on, p.content_sha256,"
            " now(), 'auditor-a' FROM portal_page p WHERE p.id = $1 AND $3 = 'rejected'",
            *(unclear["page"]["id"], duty, decision),
        )
    await person.close()
    await matching
    facts = "SELECT count(*) AS n FROM publication_fact WHERE duty_id = CAST(:id AS uuid)"
    [row] = await world.desk.rows(facts, id=duty)
    assert row["n"] == (decision == "accepted")
    states = "SELECT state, decided_by FROM page_match WHERE duty_id = CAST(:id AS uuid)"
    [match] = await world.desk.rows(states, id=duty)
    assert (match["state"], match["decided_by"]) == (decision, "auditor-a")


async def test_events_are_recorded_at_once_by_twenty_callers_while_pages_are_matched(
    world: World,
) -> None:
    await world.register()
    await world.open()
    await world.walk()
    headers = world.as_("officer", world.unit)
    bodies = [
        make.event(world.project, world.unit, long_ago(), doc_no=f"宁发改〔2026〕{n}号")
        for n in range(100, 120)
    ]
    await world.desk.do("UPDATE portal_page SET match_wanted = true")
    matching = asyncio.create_task(world.desk.match(clock.now()))
    answers = await asyncio.gather(
        *(world.desk.client.post("/api/v1/events", json=b, headers=headers) for b in bodies)
    )
    await matching
    assert [answer.status_code for answer in answers] == [201] * len(bodies)


async def test_a_page_matched_while_it_is_read_again_is_matched_by_what_it_says_then(
    world: World,
) -> None:
    world.publish("关于某工程建议书的批复", code=None)
    await world.register()
    duty = await world.record()
    portal_id = await world.open()
    await world.walk()
    await world.desk.do(
        "UPDATE portal_page SET match_wanted = true, checked_at = checked_at - interval '2 days'"
        " WHERE portal_id = :id",
        id=portal_id,
    )
    world.publish("关于某工程建议书的批复")
    world.served.when_asked["/a"] = world.desk.match
    await world.desk.collect(portal_id)
    assert await world.verdict(duty) == "on_time"
