"""The last step can be taken back for a minute, with all that followed from it."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open(0, 1)
    return made


async def test_an_undone_call_frees_the_window_and_the_place_is_as_before(floor: Floor) -> None:
    first, second = await floor.issue(), await floor.issue()
    await floor.call()
    back = await floor.done(first, "undo")
    assert (back["state"], back["window"], back["called_at"]) == ("waiting", None, None)
    assert back["ready_at"] == first["ready_at"]
    assert (await floor.see(second))["ahead"] == 1
    assert (await floor.call())["id"] == first["id"]


async def test_an_undone_finish_is_served_on_at_the_same_window(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "finish", outcome="rejected")
    back = await floor.done(ticket, "undo")
    assert (back["state"], back["window"], back["outcome"]) == ("serving", 1, None)
    problem(await floor.window("call-next"), 409, "window-busy")
    assert (await floor.done(ticket, "finish", outcome="done"))["outcome"] == "done"


@provokes("undo_ticket", "window-busy")
async def test_a_finish_cannot_be_undone_once_the_window_has_the_next_person(
    floor: Floor,
) -> None:
    first, _ = await floor.issue(), await floor.issue()
    await floor.call()
    await floor.done(first, "serve")
    await floor.done(first, "finish", outcome="done")
    await floor.call()
    problem(await floor.do(first, "undo"), 409, "window-busy")
    assert (await floor.see(first))["state"] == "done"


async def test_undo_is_over_after_a_minute(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    floor.clock.pass_(seconds=61)
    problem(await floor.do(ticket, "undo"), 409, "nothing-to-undo")


@provokes("undo_ticket", "nothing-to-undo")
async def test_an_undo_is_not_undone(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "undo")
    problem(await floor.do(ticket, "undo"), 409, "nothing-to-undo")


async def test_an_undone_transfer_takes_its_new_leg_back(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    sent = await floor.done(ticket, "transfer", items=floor.items[1:])
    back = await floor.done(ticket, "undo")
    assert (back["state"], back["next_ticket_id"]) == ("serving", None)
    assert (await floor.see({"id": sent["next_ticket_id"]}))["state"] == "closed"
    again = await floor.done(ticket, "transfer", items=floor.items[1:])
    assert (await floor.call(1))["id"] == again["next_ticket_id"]


@provokes("undo_ticket", "leg-already-called")
async def test_a_transfer_whose_leg_was_called_stays(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "transfer", items=floor.items[1:])
    await floor.call(1)
    refused = problem(await floor.do(ticket, "undo"), 409, "leg-already-called")
    assert f"{ticket['number']} 号现在是“已叫号”" in refused["detail"]


async def test_an_undone_transfer_says_what_became_of_its_leg(floor: Floor) -> None:
    """Nobody is sent to a new window for a number that was given up, or is being served there."""
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    sent = await floor.done(ticket, "transfer", items=floor.items[1:])
    await floor.done({"id": sent["next_ticket_id"]}, "abandon")

    refused = problem(await floor.do(ticket, "undo"), 409, "leg-already-called")

    assert "现在是“已放弃”；还要办理的，请让群众重新取号" in refused["detail"]
    assert "叫" not in refused["title"] + refused["detail"]


async def test_a_closed_window_takes_its_last_person_up_again(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    good(await floor.window("close"))
    await floor.done(ticket, "miss")
    back = await floor.done(ticket, "undo")
    assert (back["state"], back["window"]) == ("called", 1)
    await floor.done(ticket, "serve")
    await floor.done(ticket, "finish", outcome="done")
    problem(await floor.window("call-next"), 409, "state-conflict")


async def test_an_undone_return_is_missed_again(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    missed = await floor.done(ticket, "miss")
    await floor.done(ticket, "resume")
    back = await floor.done(ticket, "undo")
    assert (back["state"], back["called_at"]) == ("missed", missed["called_at"])


async def test_a_wrong_call_is_taken_back_though_the_person_has_another_ticket(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    """Two that were taken before one of them was known to be theirs: both wait, neither is new."""
    ticket, other = await floor.issue(), await floor.issue()
    await owner.execute(
        "UPDATE ticket SET person_document = $3 WHERE id IN ($1, $2)",
        UUID(ticket["id"]),
        UUID(other["id"]),
        ticket["id"],
    )
    await floor.call()
    assert (await floor.done(ticket, "undo"))["state"] == "waiting"
    await floor.call()
    await floor.done(ticket, "serve")
    assert (await floor.done(ticket, "undo"))["state"] == "called"
    await floor.done(ticket, "serve")
    await floor.done(ticket, "finish", outcome="done")
    problem(await floor.do(ticket, "undo"), 409, "ticketed-again")


async def _offered(floor: Floor, ticket: dict[str, Any], action: str) -> list[str]:
    """What a refusal of the action says may be done instead."""
    refused = problem(await floor.do(ticket, action), 409, "state-conflict")
    _, _, others = refused["detail"].partition("；可以：")
    return list(filter(None, others.split("、")))


async def test_an_undo_is_offered_only_where_it_would_be_taken(floor: Floor) -> None:
    ticket, _ = await floor.issue(), await floor.issue()
    assert "撤销上一步" not in await _offered(floor, ticket, "serve")
    await floor.call()
    assert "撤销上一步" in await _offered(floor, ticket, "resume")
    await floor.done(ticket, "miss")
    assert await _offered(floor, ticket, "serve") == ["恢复排队", "撤销上一步"]
    await floor.call()
    assert await _offered(floor, ticket, "serve") == ["恢复排队"]
    problem(await floor.do(ticket, "undo"), 409, "window-busy")


async def test_what_it_is_too_late_or_too_early_for_is_not_offered(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    assert "重呼" not in await _offered(floor, ticket, "resume")
    floor.clock.pass_(seconds=61)
    assert await _offered(floor, ticket, "resume") == ["重呼", "过号", "开始办理"]
    await floor.done(ticket, "miss")
    floor.clock.pass_(hours=9)
    assert await _offered(floor, ticket, "serve") == []
    problem(await floor.do(ticket, "resume"), 409, "too-late-to-return")
