"""A ticket's way through the hall."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes


@pytest.fixture
async def open_hall(hall: Build) -> Floor:
    floor = await hall(windows=2, items=2)
    await floor.open(0, 1)
    return floor


async def test_a_person_is_ticketed_called_served_and_done(open_hall: Floor) -> None:
    ticket = await open_hall.issue()
    assert (ticket["number"], ticket["state"], ticket["ahead"]) == ("A001", "waiting", 0)
    assert ticket["estimate"]["p50_minutes"] <= ticket["estimate"]["p85_minutes"]
    called = await open_hall.call()
    assert (called["id"], called["state"], called["window"]) == (ticket["id"], "called", 1)
    assert (await open_hall.done(ticket, "serve"))["state"] == "serving"
    done = await open_hall.done(ticket, "finish", outcome="done")
    assert (done["state"], done["outcome"]) == ("done", "done")
    assert (await open_hall.see(ticket))["version"] == 4


async def test_numbers_count_up_by_hall_and_day(open_hall: Floor) -> None:
    assert [(await open_hall.issue())["number"] for _ in range(3)] == ["A001", "A002", "A003"]
    open_hall.clock.pass_(days=1)
    assert (await open_hall.issue())["number"] == "A001"


async def test_nobody_waiting_is_no_content(open_hall: Floor) -> None:
    assert (await open_hall.window("call-next")).status_code == 204


@provokes("call_next", "window-busy")
async def test_a_busy_window_calls_nobody_else(open_hall: Floor) -> None:
    first, _ = await open_hall.issue(), await open_hall.issue()
    await open_hall.call()
    busy = problem(await open_hall.window("call-next"), 409, "window-busy")
    assert busy["ticket_id"] == first["id"]


async def test_a_busy_window_is_advised_what_can_be_done_with_who_is_there(
    open_hall: Floor,
) -> None:
    first, _ = await open_hall.issue(), await open_hall.issue()
    await open_hall.call()
    called = problem(await open_hall.window("call-next"), 409, "window-busy")
    assert called["detail"] == f"{first['number']} 号现在是“已叫号”；请先过号或开始办理"
    await open_hall.done(first, "serve")
    served = problem(await open_hall.window("call-next"), 409, "window-busy")
    assert served["detail"] == f"{first['number']} 号现在是“办理中”；请先办结、暂离或转办"


async def test_a_closed_window_calls_nobody(hall: Build) -> None:
    floor = await hall()
    await floor.issue()
    refused = problem(await floor.window("call-next"), 409, "state-conflict")
    assert refused["state"] == "offline"


async def test_the_same_key_calls_the_same_person(open_hall: Floor) -> None:
    await open_hall.issue()
    await open_hall.issue()
    headers = {**open_hall.clerk(), "Idempotency-Key": uuid4().hex}
    first = await open_hall.window("call-next", headers=headers)
    again = await open_hall.window("call-next", headers=headers)
    assert good(first)["id"] == good(again)["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    await open_hall.done(good(first), "serve")
    await open_hall.done(good(first), "finish", outcome="done")
    late = good(await open_hall.window("call-next", headers=headers))
    assert (late["id"], late["state"]) == (good(first)["id"], "done")


async def test_the_same_key_of_a_colleague_calls_the_next_person(open_hall: Floor) -> None:
    tickets = [await open_hall.issue() for _ in range(2)]
    key, called = {"Idempotency-Key": uuid4().hex}, []
    for clerk in (open_hall.clerk(), open_hall.clerk("clerk-2")):
        called.append(good(await open_hall.window("call-next", headers={**clerk, **key})))
        await open_hall.done(called[-1], "serve")
        await open_hall.done(called[-1], "finish", outcome="done")
    assert [one["id"] for one in called] == [one["id"] for one in tickets]


@provokes("recall_ticket", "recall-too-soon", "recalls-spent")
async def test_recalls_are_three_and_a_minute_apart(open_hall: Floor) -> None:
    ticket = await open_hall.issue()
    await open_hall.call()
    problem(await open_hall.do(ticket, "recall"), 409, "recall-too-soon")
    for count in (1, 2, 3):
        open_hall.clock.pass_(seconds=61)
        assert (await open_hall.done(ticket, "recall"))["recalls"] == count
    open_hall.clock.pass_(seconds=61)
    problem(await open_hall.do(ticket, "recall"), 409, "recalls-spent")


async def test_back_in_time_keeps_half_of_the_wait(open_hall: Floor) -> None:
    ticket = await open_hall.issue()
    open_hall.clock.pass_(minutes=40)
    await open_hall.call()
    await open_hall.done(ticket, "miss")
    open_hall.clock.pass_(minutes=10)
    back = await open_hall.done(ticket, "resume")
    assert back["state"] == "waiting"
    assert _minutes_before(open_hall, back["ready_at"]) == pytest.approx(20)
    assert (await open_hall.call())["id"] == ticket["id"]


@provokes("resume_ticket", "too-late-to-return")
async def test_back_too_late_needs_a_new_ticket(open_hall: Floor) -> None:
    ticket = await open_hall.issue()
    await open_hall.call()
    await open_hall.done(ticket, "miss")
    open_hall.clock.pass_(minutes=31)
    problem(await open_hall.do(ticket, "resume"), 409, "too-late-to-return")


async def test_a_parked_person_keeps_the_place_and_frees_the_window(open_hall: Floor) -> None:
    first, second = await open_hall.issue(), await open_hall.issue()
    await open_hall.call()
    await open_hall.done(first, "serve")
    assert (await open_hall.done(first, "park"))["state"] == "parked"
    assert (await open_hall.call())["id"] == second["id"]
    third = await open_hall.issue()
    assert (await open_hall.done(first, "resume"))["ready_at"] == first["ready_at"]
    assert (await open_hall.see(third))["ahead"] == 1
    assert (await open_hall.call(1))["id"] == first["id"]


async def test_a_transfer_keeps_number_and_waited_time(open_hall: Floor) -> None:
    ticket = await open_hall.issue()
    open_hall.clock.pass_(minutes=30)
    later = await open_hall.issue(items=open_hall.items[1:])
    await open_hall.call()
    await open_hall.done(ticket, "serve")
    sent = await open_hall.done(ticket, "transfer", items=open_hall.items[1:])
    assert sent["state"] == "transferred"
    leg = await open_hall.see({"id": sent["next_ticket_id"]})
    assert (leg["number"], leg["ready_at"]) == (ticket["number"], ticket["ready_at"])
    assert (await open_hall.call())["id"] == leg["id"] != later["id"]


async def test_a_leg_for_one_window_is_called_by_no_other(open_hall: Floor) -> None:
    ticket = await open_hall.issue()
    await open_hall.call()
    await open_hall.done(ticket, "serve")
    to = str(open_hall.windows[1])
    sent = await open_hall.done(ticket, "transfer", window=to)
    assert (await open_hall.window("call-next", 0)).status_code == 204
    assert (await open_hall.call(1))["id"] == sent["next_ticket_id"]


async def test_a_draining_window_closes_with_its_last_person(open_hall: Floor) -> None:
    ticket = await open_hall.issue()
    await open_hall.call()
    assert good(await open_hall.window("close"))["state"] == "draining"
    await open_hall.done(ticket, "serve")
    await open_hall.done(ticket, "finish", outcome="done")
    windows: Any = good(await open_hall.get("windows-at-work"))["items"]
    assert [window["state"] for window in windows] == ["closed", "open"]
    assert good(await open_hall.window("close", 1))["state"] == "closed"


@provokes("call_next", "state-conflict")
@provokes("open_window", "state-conflict")
@provokes("pause_window", "state-conflict")
async def test_a_paused_window_goes_on(open_hall: Floor) -> None:
    await open_hall.issue()
    assert good(await open_hall.window("pause", reason="午餐"))["pause_reason"] == "午餐"
    problem(await open_hall.window("call-next"), 409, "state-conflict")
    problem(await open_hall.window("pause"), 409, "state-conflict")
    assert good(await open_hall.window("open"))["pause_reason"] is None
    problem(await open_hall.window("open"), 409, "state-conflict")
    await open_hall.call()


async def test_finish_tells_all_that_is_missing_at_once(open_hall: Floor) -> None:
    ticket = await open_hall.issue()
    await open_hall.call()
    await open_hall.done(ticket, "serve")
    missing = ["营业执照复印件", "授权委托书"]
    done = await open_hall.done(ticket, "finish", outcome="needs_more", missing=missing)
    assert done["missing"] == missing
    held = {"Ticket-Key": ticket["ticket_key"]}
    seen = await open_hall.client.get(f"/api/v1/tickets/{ticket['id']}", headers=held)
    assert good(seen)["missing"] == missing, "whoever holds the ticket reads it"


def _minutes_before(floor: Floor, moment: str) -> float:
    return (floor.clock.at - datetime.fromisoformat(moment)).total_seconds() / 60
