"""Bad input names its field and writes nothing; other halls do not exist for a clerk."""

from typing import Any
from uuid import uuid4

import pytest

from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open()
    return made


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"items": []}, "/body/items"),
        ({"items": ["no-such-item"]}, "/body/items/0"),
        ({"items": [7]}, "/body/items/0"),
        ({"items": "A"}, "/body/items"),
        ({"items": ["A", "A"]}, "/body/items"),
        ({"hall_code": "NO-SUCH"}, "/body/hall_code"),
        ({"class": "appointment"}, "/body/appointment_code"),
        ({"hall_code": 5}, "/body/hall_code"),
        ({"class": "vip"}, "/body/class"),
        ({"class": "elderly", "evidence": {"kind": "word"}}, "/body/evidence"),
        ({"evidence": {"kind": "id_number"}}, "/body/evidence/id_number/value"),
        ({"appointment_code": ""}, "/body/appointment_code"),
        ({"priority": 1}, "/body/priority"),
    ],
)
async def test_a_wrong_field_of_a_ticket_is_named(
    floor: Floor, given: dict[str, Any], pointer: str
) -> None:
    answer = await floor.ask_ticket(**given)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    display = await floor.client.get(f"/api/v1/halls/{floor.code}/display")
    assert display.json()["waiting"] == []


async def test_a_ticket_needs_an_idempotency_key(floor: Floor) -> None:
    headers = floor.sign("device", floor.code)
    answer = problem(await floor.ask_ticket(headers=headers), 422, "invalid-request")
    assert answer["errors"][0]["pointer"].lower() == "/header/idempotency-key"


async def test_the_same_key_gives_the_same_ticket(floor: Floor) -> None:
    headers = floor.kiosk()
    first, again = [await floor.ask_ticket(headers=headers) for _ in range(2)]
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("finish", {"outcome": "perhaps"}, "/body/outcome"),
        ("finish", {"outcome": "done", "grade": 5}, "/body/grade"),
        ("finish", {"outcome": "done", "missing": ["户口簿"]}, "/body"),
        ("finish", {"outcome": "needs_more"}, "/body"),
        ("finish", {"outcome": "needs_more", "missing": []}, "/body"),
        ("finish", {"outcome": "needs_more", "missing": ["  "]}, "/body/missing/0"),
        ("finish", None, "/body"),
        ("transfer", {"items": ["no-such-item"]}, "/body/items"),
        ("transfer", {"window": "three"}, "/body/window"),
        ("transfer", {"window_id": str(uuid4())}, "/body/window_id"),
        ("transfer", {}, "/body"),
        ("serve", {"version": 0}, "/body/version"),
        ("serve", {"version": "x"}, "/body/version"),
    ],
)
async def test_a_wrong_field_of_an_action_is_named(
    floor: Floor, action: str, body: dict[str, Any] | None, pointer: str
) -> None:
    ticket = await floor.issue()
    await floor.call()
    if action != "serve":
        await floor.done(ticket, "serve")
    before = await floor.see(ticket)
    url = f"/api/v1/tickets/{ticket['id']}/{action}"
    answer = await floor.client.post(url, json=body, headers=floor.clerk())
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert await floor.see(ticket) == before


@provokes("serve_ticket", "state-conflict")
async def test_a_stale_version_is_a_conflict(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    conflict = problem(await floor.do(ticket, "serve", version=1), 409, "state-conflict")
    assert (conflict["state"], conflict["version"]) == ("called", 2)
    other = problem(await floor.do(ticket, "resume", version=1), 409, "state-conflict")
    assert [conflict["detail"], other["detail"]] == ["内容已被他人更新，请刷新后再办"] * 2
    assert (await floor.done(ticket, "serve", version=2))["version"] == 3


async def test_for_a_clerk_of_another_hall_nothing_here_exists(floor: Floor, hall: Build) -> None:
    other = await hall()
    ticket = await floor.issue()
    stranger = other.clerk()
    problem(await floor.do(ticket, "abandon", headers=stranger), 404, "not-found")
    for action in ("open", "pause", "close", "call-next"):
        problem(await floor.window(action, headers=stranger), 404, "not-found")
    problem(await floor.get("queue", headers=stranger), 404, "not-found")
    problem(await floor.get("windows-at-work", headers=stranger), 404, "not-found")
    manager = other.manager()
    problem(await floor.get("statistics", headers=manager), 404, "not-found")
    kiosk = other.kiosk()
    problem(await floor.ask_ticket(headers=kiosk), 404, "not-found")


async def test_a_citizen_leaves_the_queue_only_with_an_own_ticket(floor: Floor) -> None:
    mine = floor.sign("citizen", sub="citizen-1")
    ticket = await floor.issue(headers=mine | {"Idempotency-Key": uuid4().hex})
    other = floor.sign("citizen", sub="citizen-2")
    problem(await floor.do(ticket, "abandon", headers=other), 404, "not-found")
    assert (await floor.done(ticket, "abandon", headers=mine))["state"] == "abandoned"


async def test_unknown_windows_and_tickets_are_not_found(floor: Floor) -> None:
    problem(await floor.do({"id": uuid4()}, "serve"), 404, "not-found")
    problem(await floor.client.get(f"/api/v1/tickets/{uuid4()}"), 404, "not-found")
    answer = await floor.client.get("/api/v1/tickets/A001")
    assert answer.json()["errors"][0]["pointer"] == "/path/ticket_id"
    url = f"/api/v1/windows/{uuid4()}/call-next"
    problem(await floor.client.post(url, headers=floor.clerk()), 404, "not-found")


async def test_a_window_shows_who_works_there_and_the_log_who_acted(floor: Floor, sql: Any) -> None:
    opened = await floor.window("open", 1, clerk="3号窗张", headers=floor.manager())
    assert opened.json()["clerk"] == "3号窗张"
    await floor.issue()
    await floor.call(1)
    owner = await sql("appointments")
    actor = await owner.fetchval(
        "SELECT actor FROM ticket_event WHERE hall_code = $1 AND action = 'call'", floor.code
    )
    assert actor == "clerk-1"


async def test_a_refusal_says_how_things_stand_in_plain_words(floor: Floor) -> None:
    ticket = await floor.issue()
    early = problem(await floor.do(ticket, "serve"), 409, "state-conflict")
    assert early["detail"] == "现在是“等候中”，不能“开始办理”；可以：放弃排队"
    english = {**floor.clerk(), "Accept-Language": "en"}
    closed = await floor.window("call-next", headers=english)
    assert closed.status_code == 200
    again = problem(await floor.do(ticket, "recall"), 409, "recall-too-soon")
    assert again["detail"] == "请 60 秒后再重呼"
    shut = await floor.window("call-next", 1, headers=english)
    assert (
        problem(shut, 409, "state-conflict")["detail"]
        == "The window is offline now; please open it first"
    )


async def test_an_item_is_transferred_once(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    twice = await floor.do(ticket, "transfer", items=[floor.items[1]] * 2)
    [error] = problem(twice, 422, "invalid-request")["errors"]
    assert error["detail"].startswith("事项不能重复")


async def test_who_works_at_a_window_and_why_it_rests_read_as_they_are_written(
    floor: Floor,
) -> None:
    for action, field in (("open", "clerk"), ("pause", "reason")):
        answer = await floor.window(action, 0, **{field: "王\u202e五"})
        [error] = problem(answer, 422, "invalid-request")["errors"]
        assert error["pointer"] == f"/body/{field}"


async def test_a_version_is_not_ignored_where_none_is_looked_at(floor: Floor) -> None:
    seen = floor.clerk() | {"If-Match": '"999"'}
    answer = problem(await floor.window("pause", headers=seen), 422, "invalid-request")
    assert answer["errors"][0]["pointer"] == "/header/if-match"
    for any_version in (floor.clerk() | {"If-Match": "*"}, floor.clerk()):
        good(await floor.window("pause", headers=any_version))
        good(await floor.window("open"))
