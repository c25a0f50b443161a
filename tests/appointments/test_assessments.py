"""Assessments: for the hall's manager and the person, by what the log says, and for nobody else."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.clock import today
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes

_FINISHED = """
INSERT INTO ticket_event (hall_code, hall_seq, ticket_id, visit_id, number, item_code, action,
    to_state, version, at, actor, window_no, served_seconds, outcome, before)
SELECT $1::text, n + coalesce(
        (SELECT max(hall_seq) FROM ticket_event WHERE hall_code = $1::text), 0), $2, $2, 'A001',
    $3, 'finish', 'done', 1, $4, $5, 1, m * 60, 'done', '{}'
FROM unnest($6::float8[]) WITH ORDINALITY AS t (m, n)"""


@pytest.fixture
async def floor(hall: Build, owner: asyncpg.Connection) -> Floor:
    """李 took 12 minutes where the others take 10; 赵 has done too little to say anything."""
    made = await hall(windows=3, items=2)
    for place, (account, name) in enumerate((("li", "李梅"), ("wang", "王芳"), ("zhao", "赵一"))):
        clerk = made.clerk(f"{account}-{made.code}")
        good(await made.window("open", place, headers=clerk, clerk=name))
    for account, minutes in (("li", [11, 13] * 30), ("wang", [9, 11] * 40), ("zhao", [30] * 5)):
        await finish(owner, made, account, minutes)
    return made


async def finish(
    owner: asyncpg.Connection, floor: Floor, account: str, minutes: Any, item: int = 0
) -> None:
    actor = f"{account}-{floor.code}"
    given = (
        floor.code,
        uuid4(),
        floor.items[item],
        floor.clock.at,
        actor,
        list(map(float, minutes)),
    )
    await owner.execute(_FINISHED, *given)


async def ask(floor: Floor, headers: dict[str, str], path: str = "", **asked: Any) -> Any:
    day = today(floor.clock.at).isoformat()
    params = {"from": day, "to": day, **asked}
    return await floor.get(f"assessments{path}", params=params, headers=headers)


async def test_the_manager_sees_everybody_by_name_in_no_order_of_merit(floor: Floor) -> None:
    found = good(await ask(floor, floor.manager()))
    assert {line["clerk"] for line in found["items"]} == {"李梅", "王芳", "赵一"}
    assert found["items"] == sorted(found["items"], key=lambda line: line["clerk"])
    assert (found["policy_version"], found["least_cases"]) == (0, 30)
    lines = {line["clerk"]: line for line in found["items"]}
    assert (lines["李梅"]["compared"], lines["李梅"]["reading"]) == (60, "longer")
    # The others: eighty services of ten minutes and five of thirty.
    assert lines["李梅"]["ratio"] == round(12 / (950 / 85), 2)
    assert "帮助" in lines["李梅"]["advice"]


async def test_an_item_that_one_colleague_alone_does_is_not_compared_and_says_why(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    for account, minutes in (("li", [11, 13] * 20), ("wang", [9, 11] * 40)):
        await finish(owner, floor, account, minutes, item=1)
    lines = {line["clerk"]: line for line in good(await ask(floor, floor.manager()))["items"]}
    li, zhao = lines["李梅"], lines["赵一"]
    assert (li["cases"], li["compared"], li["of_few_people"]) == (100, 60, 40)
    assert li["ratio"] == round(12 / (950 / 85), 2), "by the item that two others do"
    assert zhao["of_few_people"] == 0
    rows = good(await ask(floor, floor.clerk(f"li-{floor.code}"), "/services", limit=200))["items"]
    seen = {(row["item_code"], row["not_compared"], row["expected_minutes"]) for row in rows}
    assert seen == {
        (floor.items[0], None, round(950 / 85, 2)),
        (floor.items[1], "few_people", None),
    }
    body = {"version": 0, "assessments": {"least_others": 3}, "basis": "本中心绩效办法"}
    url = f"/api/v1/policies/{floor.code}"
    good(await floor.client.put(url, json=body, headers=floor.manager()))
    found = good(await ask(floor, floor.manager()))
    [line] = [one for one in found["items"] if one["clerk"] == "李梅"]
    assert (found["least_others"], line["ratio"], line["minutes"]) == (3, None, None)
    assert "同事太少" in line["advice"]


async def test_of_too_few_services_nothing_is_said(floor: Floor) -> None:
    lines = good(await ask(floor, floor.manager()))["items"]
    [few] = [line for line in lines if line["clerk"] == "赵一"]
    assert (few["cases"], few["reading"]) == (5, "too_few")
    hidden = ("minutes", "expected_minutes", "ratio", "low", "high")
    assert [few[name] for name in hidden] == [None] * 5


async def test_a_clerk_sees_themselves_and_nobody_else(floor: Floor) -> None:
    li = floor.clerk(f"li-{floor.code}")
    [own] = good(await ask(floor, li))["items"]
    assert (own["clerk"], own["cases"]) == ("李梅", 60)
    good(await ask(floor, li, "/services"))
    other = await ask(floor, li, "/services", clerk=f"wang-{floor.code}")
    problem(other, 404, "not-found")
    for role in ("auditor", "supervisor", "admin"):
        answer = await ask(floor, floor.sign(role, floor.code))
        assert answer.status_code == 403, role


async def test_a_line_opens_to_the_services_that_it_is_computed_of(floor: Floor) -> None:
    lines = good(await ask(floor, floor.manager()))["items"]
    [line] = [one for one in lines if one["clerk"] == "李梅"]
    url = f"{line['ticket_rows']}&limit=200"
    rows = good(await floor.client.get(url, headers=floor.manager()))["items"]
    assert len(rows) == line["cases"]
    assert sum(row["minutes"] for row in rows) == pytest.approx(line["minutes"])
    expected = sum(row["expected_minutes"] for row in rows)
    assert expected == pytest.approx(line["expected_minutes"], rel=1e-3)


async def test_what_was_undone_is_no_service(floor: Floor, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO ticket_event (hall_code, hall_seq, ticket_id, visit_id, number, item_code,"
        " action, to_state, version, at, actor, undoes, before) SELECT hall_code,"
        " hall_seq + 100000, ticket_id, visit_id, number, item_code, 'undo', 'serving', 2, at,"
        " actor, hall_seq, '{}' FROM ticket_event WHERE hall_code = $1 AND actor LIKE 'li-%'"
        " AND action = 'finish'",
        floor.code,
    )
    accounts = {line["clerk"] for line in good(await ask(floor, floor.manager()))["items"]}
    assert "李梅" not in accounts


async def test_the_hall_says_how_much_is_enough(floor: Floor) -> None:
    terms = {"least_cases": 61, "least_of_others": 10, "confidence_percent": 95}
    body = {"version": 0, "assessments": terms, "basis": "本中心绩效办法"}
    url = f"/api/v1/policies/{floor.code}"
    good(await floor.client.put(url, json=body, headers=floor.manager()))
    found = good(await ask(floor, floor.manager()))
    assert (found["policy_version"], found["least_cases"]) == (1, 61)
    assert {line["reading"] for line in found["items"] if line["clerk"] == "李梅"} == {"too_few"}
    body = {"version": 1, "assessments": {**terms, "least_cases": 5}}
    answer = await floor.client.put(url, json=body, headers=floor.manager())
    problem(answer, 422, "invalid-request")


@provokes("get_assessments", "invalid-request", "not-found")
@provokes("list_assessed_services", "invalid-request", "not-found")
async def test_what_is_asked_wrongly_is_named(floor: Floor) -> None:
    elsewhere = floor.sign("hall_manager", "H-OTHER")
    long_ago = (today(floor.clock.at) - timedelta(days=92)).isoformat()
    for path in ("", "/services"):
        problem(await ask(floor, elsewhere, path), 404, "not-found")
        answer = await ask(floor, floor.manager(), path, **{"from": long_ago})
        problem(answer, 422, "invalid-request")
