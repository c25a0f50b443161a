"""回诊: finished cases are drawn, the person answers once, and nobody calls whom they served."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.appointments.followups import service
from services.appointments.followups.models import FollowupState
from services.appointments.followups.workflow import WORKFLOW
from shared.database.engine import Sessions
from tests.appointments.conftest import Build
from tests.appointments.followup_helpers import (
    BAD,
    CALLS,
    GOOD,
    FollowedUp,
    drawn,
    lay_down,
    served,
)
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes


@pytest.fixture
async def asked(hall: Build, owner: asyncpg.Connection, sessions: Sessions) -> FollowedUp:
    return await drawn(await hall(), owner, sessions)


async def test_who_was_served_answers_with_the_key_of_the_ticket(asked: FollowedUp) -> None:
    shown = good(await asked.ask())
    assert (shown["state"], shown["questionnaire"]["title"]) == ("invited", "办事回访")
    [event] = await asked.events("invited")
    assert (event["case_id"], event["due_on"]) == (str(asked.case.case_id), shown["due_on"])
    given = good(await asked.answer(BAD, text="等了三个小时，张三态度不好"))
    assert given == {"id": asked.id, "state": "answered"}
    seen = await asked.see()
    assert (seen["is_bad"], seen["score"], seen["channel"]) == (True, 2.0, "self")
    assert (seen["text"], seen["answers"]) == ("等了三个小时，张三态度不好", BAD)
    [event] = await asked.events("answered")
    assert (event["is_bad"], event["outcome"]) == (True, "done")
    assert "张三" not in json.dumps(event, ensure_ascii=False)
    stored = await asked.owner.fetchval(
        "SELECT row_to_json(f)::text FROM followup f WHERE id = $1", UUID(asked.id)
    )
    assert "张三" not in stored


@provokes("answer_followup", "state-conflict")
async def test_a_questionnaire_is_answered_once(asked: FollowedUp) -> None:
    good(await asked.answer())
    refused = problem(await asked.answer(BAD), 409, "state-conflict")
    assert refused["state"] == "answered"
    assert (await asked.see())["is_bad"] is False
    problem(await asked.call(asked.caller(), "answered", answers=BAD), 409, "state-conflict")


async def test_of_two_answers_at_once_one_counts(asked: FollowedUp) -> None:
    both = await asyncio.gather(*(asked.answer(GOOD if n % 2 else BAD) for n in range(4)))
    assert sorted(one.status_code for one in both) == [200, 409, 409, 409]
    assert len(await asked.events("answered")) == 1


@provokes("ask_for_followup", "not-found")
@provokes("answer_followup", "not-found")
async def test_a_wrong_key_opens_nothing(asked: FollowedUp) -> None:
    problem(await asked.ask("0" * 32), 404, "not-found")
    problem(await asked.answer(key="0" * 32), 404, "not-found")


async def test_staff_do_not_answer_for_others(asked: FollowedUp) -> None:
    problem(await asked.answer(headers=asked.floor.clerk()), 403, "forbidden")


@pytest.mark.parametrize(
    ("answers", "pointer"),
    [({}, "KIND"), ({"KIND": True}, "KIND"), ({"KIND": 3, "NO": 1}, "NO"),
     ({"KIND": 3, "WHY": "nothing"}, "WHY"), ({"KIND": 3, "AGAIN": 1}, "AGAIN")],
)  # fmt: skip
async def test_answers_fit_the_questions(
    asked: FollowedUp, answers: dict[str, Any], pointer: str
) -> None:
    refused = problem(await asked.answer(answers), 422, "invalid-request")
    assert refused["errors"][0]["pointer"] == f"/body/answers/{pointer}"


@provokes("note_followup_call", "four-eyes")
async def test_whoever_served_does_not_call(asked: FollowedUp) -> None:
    """clerk-1 had the person at the window; a colleague takes the answers."""
    refused = await asked.call(asked.floor.clerk(), "answered", answers=GOOD)
    problem(refused, 409, "four-eyes")
    done = good(await asked.call(asked.floor.clerk("clerk-2"), "answered", answers=GOOD))
    assert (done["state"], done["channel"], done["answered_by"]) == ("answered", "call", "clerk-2")
    assert done["served_by"] == ["clerk-1"]


async def test_nor_does_whoever_served_it_once_more(asked: FollowedUp) -> None:
    """The finish was undone, and a colleague finished it."""
    await asked.owner.execute(
        "UPDATE call c SET clerk = 'another' FROM ticket t"
        " WHERE t.id = c.ticket_id AND t.visit_id = $1",
        asked.case.case_id,
    )
    assert not await asked.draw(version=asked.case.version + 2)
    refused = await asked.call(asked.caller(), "answered", answers=GOOD)
    problem(refused, 409, "four-eyes")


@provokes("note_followup_call", "called-today", "state-conflict")
async def test_three_calls_on_different_days_end_it(asked: FollowedUp) -> None:
    states = []
    for _ in range(3):
        states.append(good(await asked.call(asked.caller(), "unreachable"))["state"])
        refused = await asked.call(asked.caller(), "unreachable")
        kind = "called-today" if states[-1] == "invited" else "state-conflict"
        problem(refused, 409, kind)
        asked.floor.clock.pass_(days=1)
    assert states == ["invited", "invited", "unreachable"]
    assert [event["calls"] for event in await asked.events("called")] == [1, 2, 3]


@pytest.mark.parametrize("state", list(FollowupState))
async def test_every_state_action_and_role(asked: FollowedUp, state: FollowupState) -> None:
    answered_at = asked.floor.clock() if state is FollowupState.ANSWERED else None
    put = (
        "UPDATE followup SET state = $2, answered_at = $3, is_bad = CASE WHEN $3::timestamptz"
        " IS NULL THEN NULL ELSE false END, calls = 0, last_called_on = NULL WHERE id = $1"
    )
    for role in ("citizen", "clerk", "hall_manager", "officer", "reviewer", "auditor"):
        for action, body in CALLS.items():
            await asked.owner.execute(put, UUID(asked.id), state.value, answered_at)
            answer = await asked.call(asked.caller(role), **body)
            row = WORKFLOW.get(state, action)
            if role not in WORKFLOW.roles_of(action):
                assert answer.status_code == 403, (role, action)
            elif row is None:
                assert problem(answer, 409, "state-conflict")["state"] == state
            else:
                assert good(answer)["state"] == (row.to or state), (role, action)
    await asked.owner.execute(put, UUID(asked.id), state.value, answered_at)
    expected = 200 if state is FollowupState.INVITED else 409
    assert (await asked.answer()).status_code == expected


async def test_who_declines_is_not_asked_again(asked: FollowedUp) -> None:
    declined = good(await asked.call(asked.caller(), "declined"))
    assert (declined["state"], declined["is_bad"]) == ("declined", None)
    assert len(await asked.events("declined")) == 1


async def test_a_call_has_answers_only_where_there_were_some(asked: FollowedUp) -> None:
    for body in ({"outcome": "answered"}, {"outcome": "declined", "answers": GOOD}):
        answer = await asked.call(asked.caller(), **body)
        problem(answer, 422, "invalid-request")


async def test_silence_expires_and_is_neither_good_nor_bad(asked: FollowedUp) -> None:
    await asked.owner.execute("UPDATE followup SET due_on = due_on - 60 WHERE id = $1",
                              UUID(asked.id))  # fmt: skip
    async with asked.sessions() as session, session.begin():
        assert await service.expire(session, asked.floor.clock()) >= 1
    assert (await asked.see())["state"] == "invited", "its day is that of the calendar"
    async with asked.sessions() as session, session.begin():
        await service.expire(session, asked.floor.clock() + timedelta(days=40))
    seen = await asked.see()
    assert (seen["state"], seen["is_bad"]) == ("expired", None)
    assert len(await asked.events("expired")) == 1


async def test_a_case_that_ends_anew_is_asked_about_once(asked: FollowedUp) -> None:
    version = asked.case.version + 2
    assert not await asked.draw(version=version, outcome="rejected")
    assert (await asked.see())["outcome"] == "rejected"
    assert not await asked.draw(version=version - 1, outcome="needs_more")
    good(await asked.answer())
    assert not await asked.draw(version=version + 1, outcome="needs_more")
    assert (await asked.see())["outcome"] == "rejected"
    assert len(await asked.events("invited")) == 1


async def test_a_case_that_ends_anew_is_told_of_as_it_ended_though_it_would_not_be_drawn_now(
    hall: Build, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    floor = await hall()
    await floor.open()
    await lay_down(floor, rules=[{"percent": 100, "outcomes": ["done"]}])
    asked = FollowedUp(floor, sessions, owner, await served(floor, owner))
    assert await asked.draw()
    asked.id = str(good(await asked.ask())["id"])
    assert not await asked.draw(version=asked.case.version + 2, outcome="needs_more")
    assert (await asked.see())["outcome"] == "needs_more"
    good(await asked.answer())
    [event] = await asked.events("answered")
    assert event["outcome"] == "needs_more"


async def test_whoever_served_when_a_case_ended_anew_does_not_call(
    hall: Build, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    """The finish was a mistake: the person fetches a paper, and clerk-2 has them next."""
    floor = await hall(windows=2)
    asked = await drawn(floor, owner, sessions)
    second = floor.clerk("clerk-2")
    ticket = {"id": str(asked.case.case_id)}
    for action in ("undo", "park", "resume"):
        await floor.done(ticket, action)
    good(await floor.window("open", 1, headers=second))
    good(await floor.window("call-next", 1, headers=second))
    await floor.done(ticket, "serve", headers=second)
    await floor.done(ticket, "finish", outcome="done", headers=second)
    version = (await floor.see(ticket))["version"]
    assert not await asked.draw(version=version)
    assert (await asked.see())["served_by"] == ["clerk-1", "clerk-2"]
    problem(await asked.call(second, "answered", answers=GOOD), 409, "four-eyes")


@provokes("invite_followup", "already-followed", "not-found", "conflict")
async def test_a_manager_has_a_certain_case_followed_up(
    hall: Build, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    floor = await hall()
    await floor.open()
    case = await served(floor, owner)
    post, body = floor.client.post, {"case_id": str(case.case_id)}
    url = "/api/v1/followups"
    problem(await post(url, json=body, headers=floor.manager()), 409, "conflict")
    await lay_down(floor, rules=[])
    made = FollowedUp(floor, sessions, owner, case)
    assert not await made.draw(), "nothing is drawn without a rule"
    elsewhere = floor.sign("hall_manager", "H-OTHER")
    problem(await post(url, json=body, headers=elsewhere), 404, "not-found")
    invited = good(await post(url, json=body, headers=floor.manager()), 201)
    assert (invited["state"], invited["served_by"]) == ("invited", ["clerk-1"])
    problem(await post(url, json=body, headers=floor.manager()), 409, "already-followed")
