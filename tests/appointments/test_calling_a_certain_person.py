"""Calling somebody out of turn: for a reason, once, and with the names of who was overtaken."""

from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem, serve_items
from tests.provoking import provokes


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open()
    return made


async def call(floor: Floor, ticket: str, place: int = 0, **more: Any) -> httpx.Response:
    body = {"ticket": ticket, "reason": "老人身体不适", **more}
    return await floor.window("call", place, **body)


async def test_a_certain_person_is_called_by_number_or_id(floor: Floor) -> None:
    await floor.issue()
    second, third = [await floor.issue() for _ in range(2)]

    called = good(await call(floor, third["number"].lower()))

    assert (called["id"], called["state"], called["window"]) == (third["id"], "called", 1)
    await floor.done(third, "serve")
    await floor.done(third, "finish", outcome="done")
    assert good(await call(floor, second["id"]))["id"] == second["id"]


async def test_the_reason_and_who_was_overtaken_are_kept(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    first, second = [await floor.issue() for _ in range(2)]
    await floor.issue(items=floor.items[1:])
    last = await floor.issue()
    await serve_items(owner, floor.code, floor.windows[0], floor.items[:1])
    good(await call(floor, last["number"]))
    [row] = await owner.fetch("SELECT * FROM call WHERE hall_code = $1", floor.code)
    assert (row["reason"], row["clerk"]) == ("老人身体不适", "clerk-1")
    assert set(row["overtook"]) == {first["id"], second["id"]}
    await floor.done(last, "serve")
    await floor.done(last, "finish", outcome="done")
    assert (await floor.call())["id"] == first["id"]
    rows = await owner.fetch("SELECT reason FROM call WHERE ticket_id = $1", first["id"])
    assert [row["reason"] for row in rows] == [None]


@provokes("call_ticket", "state-conflict", "window-busy")
async def test_who_does_not_wait_and_what_is_not_free_is_refused(floor: Floor) -> None:
    gone, waiting = [await floor.issue() for _ in range(2)]
    await floor.done(gone, "abandon")
    refused = problem(await call(floor, gone["number"]), 409, "state-conflict")
    assert refused["state"] == "abandoned"
    assert gone["number"] in refused["detail"]
    problem(await call(floor, waiting["number"], 1), 409, "state-conflict")
    good(await call(floor, waiting["number"]))
    other = await floor.issue()
    busy = problem(await call(floor, other["number"]), 409, "window-busy")
    assert busy["ticket_id"] == waiting["id"]


async def test_a_window_that_does_not_serve_it_does_not_call_it(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    ticket = await floor.issue(items=floor.items[1:])
    await serve_items(owner, floor.code, floor.windows[0], floor.items[:1])
    refused = problem(await call(floor, ticket["number"]), 422, "invalid-request")
    assert refused["errors"][0]["pointer"] == "/body/ticket"


@pytest.mark.parametrize("body", [{"ticket": "A001"}, {"reason": "why"}, {}, {"reason": "  "}])
async def test_without_a_reason_or_a_ticket_nobody_is_called(
    floor: Floor, body: dict[str, str]
) -> None:
    await floor.issue()
    url = f"/api/v1/windows/{floor.windows[0]}/call"
    answer = await floor.client.post(url, json=body, headers=floor.clerk())
    problem(answer, 422, "invalid-request")


async def test_other_halls_tickets_and_windows_do_not_exist(floor: Floor, hall: Build) -> None:
    other = await hall()
    theirs = await other.issue()
    problem(await call(floor, theirs["id"]), 404, "not-found")
    problem(await call(floor, "A999"), 404, "not-found")
    mine = await floor.issue()
    url = f"/api/v1/windows/{floor.windows[0]}/call"
    body = {"ticket": mine["number"], "reason": "照顾"}
    answer = await floor.client.post(url, json=body, headers=other.clerk())
    problem(answer, 404, "not-found")


async def test_a_retry_with_the_same_key_gets_the_same_ticket(floor: Floor) -> None:
    ticket = await floor.issue()
    headers = {**floor.clerk(), "Idempotency-Key": uuid4().hex}
    for replayed in (None, "true"):
        answer = await call(floor, ticket["number"], headers=headers)
        assert good(answer)["id"] == ticket["id"]
        assert answer.headers.get("idempotent-replayed") == replayed


async def test_a_call_out_of_turn_can_be_undone(floor: Floor) -> None:
    first, second = [await floor.issue() for _ in range(2)]
    good(await call(floor, second["number"]))
    assert (await floor.done(second, "undo"))["state"] == "waiting"
    assert (await floor.call())["id"] == first["id"]


async def test_call_next_takes_no_body(floor: Floor) -> None:
    """A certain person is not called by a body that call-next would ignore."""
    first = await floor.issue()
    url = f"/api/v1/windows/{floor.windows[0]}/call-next"
    asked = {"ticket": first["number"], "reason": "照顾"}
    answer = await floor.client.post(url, json=asked, headers=floor.clerk())
    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/body"
    assert (await floor.see(first))["state"] == "waiting"
    none = await floor.client.post(url, json={}, headers=floor.clerk())
    assert good(none)["id"] == first["id"]


@pytest.mark.parametrize("again", ["another", "another reason", "next"])
async def test_one_key_is_of_one_call(floor: Floor, again: str) -> None:
    wanted, other = [await floor.issue() for _ in range(2)]
    key: dict[str, Any] = {"headers": floor.clerk() | {"Idempotency-Key": f"call-{uuid4().hex}"}}
    first = good(await call(floor, wanted["number"], **key))
    assert good(await call(floor, wanted["number"], **key))["id"] == first["id"] == wanted["id"]
    if again == "next":
        refused = await floor.window("call-next", **key)
    elif again == "another":
        refused = await call(floor, other["number"], **key)
    else:
        refused = await call(floor, wanted["number"], **key, reason="行动不便")
    problem(refused, 422, "idempotency-key-reused")


async def test_a_key_that_called_the_next_calls_no_certain_person(floor: Floor) -> None:
    waiting = [await floor.issue() for _ in range(2)]
    key: dict[str, Any] = {"headers": floor.clerk() | {"Idempotency-Key": f"next-{uuid4().hex}"}}
    assert good(await floor.window("call-next", **key))["id"] == waiting[0]["id"]
    problem(await call(floor, waiting[0]["number"], **key), 422, "idempotency-key-reused")
