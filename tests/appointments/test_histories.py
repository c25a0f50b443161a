"""A ticket's history is replayed for complaints, and one's own tickets are listed."""

from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.appointments.test_queueing_booking import booked, check_in


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open()
    return made


async def read(floor: Floor, ticket: dict[str, Any], headers: Any = None) -> httpx.Response:
    url = f"/api/v1/tickets/{ticket['id']}/history"
    return await floor.client.get(url, headers=headers or floor.manager())


async def test_an_overtaking_can_be_replayed_from_both_sides(floor: Floor) -> None:
    first = await floor.issue()
    floor.clock.pass_(minutes=2)
    last = await floor.issue()
    asked = {"ticket": last["number"], "reason": "孕妇不适"}
    good(await floor.window("call", **asked))

    for headers in (floor.manager(), floor.sign("auditor", floor.code)):
        whom = good(await read(floor, last, headers))
        [call] = [entry for entry in whom["items"] if entry["action"] == "call"]
        assert call["overtook"] == [{"id": first["id"], "number": first["number"]}]
        assert (call["reason"], call["actor"], call["window"]) == ("孕妇不适", "clerk-1", 1)
        assert whom["overtaken_by"] == []
        [by] = good(await read(floor, first, headers))["overtaken_by"]
        assert (by["number"], by["reason"], by["clerk"]) == (last["number"], "孕妇不适", "clerk-1")


async def test_credit_that_went_first_is_named_with_its_class(floor: Floor) -> None:
    first = await floor.issue()
    floor.clock.pass_(minutes=2)
    proof = {"kind": "certificate", "number": uuid4().hex}
    await floor.issue(**{"class": "military"}, evidence=proof)
    await floor.call()
    [by] = good(await read(floor, first))["overtaken_by"]
    assert (by["class"], by["credit_minutes"], by["reason"]) == ("military", 90, None)


async def test_why_somebody_was_put_ahead_can_be_read(floor: Floor) -> None:
    decided = {"kind": "staff", "reason": "突发不适", "minutes": 120}
    headers = floor.kiosk() | floor.manager()
    ahead = await floor.issue(**{"class": "override"}, evidence=decided, headers=headers)
    ordinary = await floor.issue()

    shown = [good(await read(floor, ticket)) for ticket in (ahead, ordinary)]

    assert [(one["class"], one["credit_minutes"], one["credit_reason"]) for one in shown] == [
        ("override", 120, "突发不适"),
        ("walk_in", 0, None),
    ]


async def test_the_whole_visit_is_told_with_what_was_undone(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "miss")
    await floor.done(ticket, "undo")
    await floor.done(ticket, "serve")
    sent = await floor.done(ticket, "transfer", items=floor.items[1:])
    history = good(await read(floor, {"id": sent["next_ticket_id"]}))
    told = [(e["leg"], e["action"], e["undone"]) for e in history["items"]]
    assert told == [
        (1, "issue", False),
        (1, "call", False),
        (1, "miss", True),
        (1, "undo", False),
        (1, "serve", False),
        (1, "transfer", False),
        (2, "continue", False),
    ]
    assert history["number"] == ticket["number"]


async def test_a_history_names_staff_and_of_others_what_they_are(floor: Floor) -> None:
    me = {**floor.sign("citizen", sub=uuid4().hex), "Idempotency-Key": uuid4().hex}
    mine = await floor.issue(headers=me)
    clerk = floor.clerk(uuid4().hex)
    good(await floor.window("open", 1, clerk="王芳", headers=clerk))
    good(await floor.window("call-next", 1, headers=clerk))
    at_a_kiosk = await floor.issue()
    english = {**floor.manager(), "Accept-Language": "en"}

    answer = await read(floor, mine, english)

    own = [entry["actor"] for entry in good(answer)["items"]]
    assert own == ["the person themselves", "王芳"]
    assert answer.headers["content-language"] == "en"
    [taken] = good(await read(floor, at_a_kiosk))["items"]
    assert taken["actor"] == "大厅的设备或工作人员"


async def test_an_undone_call_overtook_nobody(floor: Floor) -> None:
    first, last = [await floor.issue() for _ in range(2)]
    good(await floor.window("call", ticket=last["number"], reason="误操作"))
    await floor.done(last, "undo")
    assert good(await read(floor, first))["overtaken_by"] == []


async def test_other_halls_read_nothing(floor: Floor, hall: Build) -> None:
    ticket, other = await floor.issue(), await hall()
    problem(await read(floor, ticket, other.manager()), 404, "not-found")
    assert (await read(floor, ticket, floor.clerk())).status_code == 403


async def mine(floor: Floor, sub: str, **asked: Any) -> dict[str, Any]:
    headers = floor.sign("citizen", sub=sub)
    return good(await floor.client.get("/api/v1/tickets", headers=headers, params=asked))


async def test_everybody_finds_their_own_tickets(floor: Floor, owner: asyncpg.Connection) -> None:
    code = await booked(owner, floor)
    at_the_kiosk = good(await check_in(floor, code))["ticket"]
    headers = {**floor.sign("citizen", sub=code), "Idempotency-Key": uuid4().hex}
    by_phone = await floor.issue(headers=headers, items=floor.items[1:])
    await floor.issue()

    found = (await mine(floor, code))["items"]

    assert [one["id"] for one in found] == [by_phone["id"], at_the_kiosk["id"]]
    assert found[1]["estimate"] is not None
    assert (await mine(floor, f"citizen-{uuid4().hex}"))["items"] == []
    first = await mine(floor, code, limit="1")
    assert [one["id"] for one in first["items"]] == [by_phone["id"]]
    rest = await mine(floor, code, limit="1", cursor=first["next_cursor"])
    assert [one["id"] for one in rest["items"]] == [at_the_kiosk["id"]]


async def test_whoever_finds_a_ticket_as_their_own_may_see_it_and_give_it_up(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    at_the_kiosk = good(await check_in(floor, code))["ticket"]
    me = {**floor.sign("citizen", sub=code), "Idempotency-Key": uuid4().hex}

    [found] = (await mine(floor, code))["items"]
    assert good(await floor.client.get(f"/api/v1/tickets/{found['id']}", headers=me)) == found
    stranger = floor.sign("citizen", sub=uuid4().hex)
    answer = await floor.client.get(f"/api/v1/tickets/{found['id']}", headers=stranger)
    problem(answer, 404, "not-found")
    again = problem(await floor.ask_ticket(headers=me), 409, "already-ticketed")
    assert again["ticket_id"] == at_the_kiosk["id"]
    await floor.done(at_the_kiosk, "abandon", headers=me)


async def test_after_a_transfer_the_leg_that_goes_on_is_listed(floor: Floor) -> None:
    me = f"citizen-{uuid4().hex}"
    headers = {**floor.sign("citizen", sub=me), "Idempotency-Key": uuid4().hex}
    ticket = await floor.issue(headers=headers)
    await floor.call()
    await floor.done(ticket, "serve")
    sent = await floor.done(ticket, "transfer", items=floor.items[1:])
    assert [one["id"] for one in (await mine(floor, me))["items"]] == [sent["next_ticket_id"]]
    await floor.done(ticket, "undo")
    assert [one["id"] for one in (await mine(floor, me))["items"]] == [ticket["id"]]
