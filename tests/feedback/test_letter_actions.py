"""Every state x action x role over the API, made from the table that also makes the API."""

import asyncio
from typing import Any

import pytest

from services.feedback.casework import service, workflow
from services.feedback.casework.workflow import CLOCK, MOVES, SENDER, STAFF, LetterMove
from services.feedback.letters.models import LetterState as S
from tests.feedback.isolated_service import at
from tests.feedback.letter_helpers import WAY, Letter, LetterOffice
from tests.provoking import provokes

PREPARED = {"approve_extension": "request_extension", "refuse_extension": "request_extension"}
"""Actions that answer another one."""

THIRD_TIME = {"rate_last"}
"""Only after two reopenings: `test_a_letter_is_reopened_twice_at_most` goes there."""

ASKS_AGAIN = {(S.CLOSED, "reopen"), (S.CLOSED, "rate_bad")}
"""Only where no reopening was refused: of a letter that silence has closed."""

ANSWERED_JOINTLY = (S.MERGED, "rate")
"""Only after the reply to another letter: `test_a_merged_sender_rates` goes there."""


def _by_people(move: LetterMove[Any]) -> list[str]:
    return [role for role in (*STAFF, SENDER) if role in move.roles]


ALLOWED = [
    (move, role)
    for move in MOVES
    if move.action not in THIRD_TIME and (move.state, move.shown_as) != ANSWERED_JOINTLY
    for role in _by_people(move)
]


@pytest.mark.parametrize(
    ("move", "role"), ALLOWED, ids=[f"{m.state}-{m.action}-{r}" for m, r in ALLOWED]
)
async def test_what_the_table_allows_is_done(
    office: LetterOffice, move: LetterMove[Any], role: str
) -> None:
    letter = await _ready(office, move)
    assert (move.shown_as or move.action) in await _offered(letter, role)
    answer = await letter.act(move.action, role=role)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == (move.to or S.RECEIVED)


async def _offered(letter: Letter, role: str) -> list[str]:
    """What one of that role is shown that they may do; nothing of a letter they do not see."""
    if role == SENDER:
        actions: list[str] = (await letter.seen())["actions"]
        return actions
    return [
        action
        for seen in await letter.office.list(role, reg_no=letter.reg_no)
        for action in seen["actions"]
    ]


async def _ready(office: LetterOffice, move: LetterMove[Any]) -> Letter:
    """A letter in the state of the row, and whatever the row's guard wants to be there."""
    if (move.state, move.action) in ASKS_AGAIN:
        letter = await office.letter_in(S.REPLIED)
        office.isolated.clock.now = at("2026-12-22 00:10")
        await office.isolated.run(service.close_silent)
        return letter
    before = PREPARED.get(move.action)
    if before is None:
        return await office.letter_in(move.state)
    letter = await office.letter_in(S.HANDLING)
    assert (await letter.act(before)).status_code == 200
    for action in WAY[move.state][len(WAY[S.HANDLING]) :]:
        assert (await letter.act(action)).status_code == 200
    return letter


@pytest.mark.parametrize("state", S)
async def test_everything_else_is_refused_and_changes_nothing(
    office: LetterOffice, state: S
) -> None:
    letter = await office.letter_in(state)
    offered = {role: await _offered(letter, role) for role in (*STAFF, "auditor")}
    seen_by_officer = letter.id in {seen["id"] for seen in await office.list("officer")}
    for action in workflow.STAFF_ACTIONS:
        fields = await office.fields(action)
        for role in (*STAFF, "citizen", "clerk", "auditor"):
            expected = _refusal(state, action, role, seen_by_officer)
            if expected is None:
                continue
            assert action not in offered.get(role, ())
            answer = await letter.as_staff(action, fields, role)
            assert answer.status_code == expected, (action, role, answer.text)
            if expected == 409:
                assert answer.json()["state"] == state
                assert answer.json()["version"] == letter.version
    assert (await letter.seen())["state"] == state


def _refusal(state: S, action: str, role: str, seen_by_officer: bool) -> int | None:
    """What the table says of a role's try; None where it is allowed."""
    if role not in workflow.WORKFLOW.roles_of(action):
        return 403
    if role == "officer" and not seen_by_officer:
        return 404
    row = workflow.WORKFLOW.get(state, action)
    if row is None:
        return 409
    return None if role in row.roles else 403


@pytest.mark.parametrize("state", S)
async def test_a_sender_does_only_what_the_table_says(office: LetterOffice, state: S) -> None:
    letter = await office.letter_in(state)
    ways = {"supplement": "supplement", "withdraw": "withdraw", "reopen": "reopen"}
    for action, what in {**ways, "rate_good": "rate"}.items():
        row = workflow.WORKFLOW.get(state, action)
        if row is None or SENDER not in row.roles:
            answer = await letter.as_sender(what, **(await office.fields(action)))
            assert answer.status_code == 409, (action, answer.text)
            assert answer.json()["state"] == state


def test_the_clock_is_no_caller() -> None:
    assert {m.action for m in MOVES if m.roles == {CLOCK}} == {"close"}
    assert "close" not in workflow.STAFF_ACTIONS


@provokes("letter_register", "precondition-required", "state-conflict")
async def test_an_action_needs_the_version_that_was_seen(office: LetterOffice) -> None:
    letter = await office.write()
    path = f"/api/v1/letters/{letter.id}/actions/register"
    without = await office.client.post(path, headers=office.headers("dispatcher"))
    assert without.status_code == 428
    letter.version = 7
    stale = await letter.as_staff("register", {}, "dispatcher")
    assert (stale.status_code, stale.json()["state"]) == (409, "received")
    assert stale.json()["version"] == 1


@provokes("letter_dispatch", "state-conflict")
async def test_two_at_once_make_one_move(office: LetterOffice) -> None:
    letter = await office.letter_in(S.ACCEPTED)
    fields = await office.fields("dispatch")
    answers = await asyncio.gather(
        *(letter.as_staff("dispatch", fields, role) for role in ("dispatcher", "supervisor") * 4)
    )
    assert sorted(a.status_code for a in answers) == [200] + [409] * 7
