"""What is offered is what would be accepted, for whoever looks at whatever letter at any time."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.feedback.casework import service, workflow
from services.feedback.casework.workflow import SENDER, STAFF
from services.feedback.letters.models import LetterState as S
from tests.feedback.letter_helpers import FIELDS, Letter, LetterOffice

PEOPLE = ("one", "two")
"""Of every role, so that whoever wrote, asked or refused also looks at what was done with it."""
SENDERS = ("rate", "reopen", "supplement", "withdraw", "appeal")
WANTED = {**FIELDS, "request_extension": {"workdays": 1, "reason": "等待配件"}}
GRADES = ("satisfied", "dissatisfied")
SELDOM = ("refuse", "transfer", "merge", "recall", "reclassify", "return")
"""For they lead out, or back."""
STEPS, LONGEST_PAUSE_DAYS = 40, 12


async def _offered(letter: Letter, role: str, sub: str) -> list[str] | None:
    """What file and list offer; None where the letter does not exist for them."""
    url = f"/api/v1/letters/{letter.id}/file"
    headers = letter.office.headers(role, sub=sub)
    answer = await letter.office.client.get(url, headers=headers)
    if answer.status_code == 404:
        return None
    found = answer.json()
    listed = await letter.office.client.get(
        "/api/v1/letters", params={"reg_no": letter.reg_no}, headers=headers
    )
    assert [one["actions"] for one in listed.json()["items"]] == [found["actions"]]
    letter.version = found["version"]
    actions: list[str] = found["actions"]
    return actions


def _one_to_try(state: S, random: Random) -> tuple[str, str]:
    """An action and the role for it: mostly what the table has in this state, now and then not."""
    rows = [row for row in workflow.MOVES if row.state is state and row.roles & {*STAFF}]
    if rows and random.random() < 0.8:
        row = random.choice([row for row in rows if row.action not in SELDOM] or rows)
        return row.action, random.choice(sorted(row.roles & {*STAFF}))
    return random.choice(workflow.STAFF_ACTIONS), random.choice(STAFF)


async def _staff_tries(letter: Letter, random: Random) -> None:
    action, role = _one_to_try(letter.state, random)
    sub = random.choice(PEOPLE)
    if (offered := await _offered(letter, role, sub)) is None:
        return
    body = WANTED.get(action) or await letter.office.fields(action)
    answer = await letter.as_staff(action, body, role, sub=sub)
    accepted = answer.status_code == 200
    assert accepted == (action in offered), (role, sub, action, offered, answer.text)
    if accepted:
        letter.state = S(answer.json()["state"])
        after = await _offered(letter, role, sub)
        assert after is None or answer.json()["actions"] == after, (action, role)


async def _sender_tries(letter: Letter, random: Random) -> None:
    offered: list[str] = (await letter.seen())["actions"]
    action = random.choice([one for one in SENDERS if one != "withdraw" or random.random() < 0.1])
    body: dict[str, Any] = {"grade": random.choice(GRADES)} if action == "rate" else FIELDS[action]
    answer = await letter.as_sender(action, **body)
    accepted = answer.status_code == 200
    assert accepted == (action in offered), (action, offered, answer.text)
    if accepted:
        letter.state = S(answer.json()["state"])
        assert answer.json()["actions"] == (await letter.seen())["actions"], action


@pytest.mark.parametrize("seed", range(6))
async def test_an_action_is_offered_exactly_where_it_is_accepted(
    office: LetterOffice, seed: int
) -> None:
    random = Random(seed)
    letter = await office.letter_in(
        random.choice([S.REGISTERED, S.DISPATCHED, S.HANDLING, S.REPLIED])
    )
    for _ in range(STEPS):
        tries = _sender_tries if random.random() < 0.25 else _staff_tries
        await tries(letter, random)
        if random.random() < 0.2:
            office.isolated.clock.now += timedelta(days=random.randint(1, LONGEST_PAUSE_DAYS))


async def test_whoever_wrote_or_asked_is_not_offered_to_decide_on_it(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)
    await letter.act("request_extension", sub="one")
    for sub, decides in (("one", False), ("two", True)):
        offered = await _offered(letter, "supervisor", sub) or []
        assert ("approve_extension" in offered, "refuse_extension" in offered) == (decides, decides)
    await letter.act("submit_reply", sub="one")
    for sub, approves in (("one", False), ("two", True)):
        offered = await _offered(letter, "reviewer", sub) or []
        assert ("approve" in offered, "send_back" in offered) == (approves, True)


async def test_nobody_is_offered_to_rate_once_the_time_for_it_is_over(office: LetterOffice) -> None:
    """Neither who wrote the letter that was answered, nor whose letter was merged into it."""
    letter, other = await office.letter_in(S.HANDLING), await office.write()
    answer = await other.act("merge", role="dispatcher", into=letter.id)
    assert answer.status_code == 200, answer.text
    await letter.act("submit_reply", sub="one")
    await letter.act("approve", sub="two")
    for one in (letter, other):
        assert "rate" in (await one.seen())["actions"]
    office.isolated.clock.now += timedelta(days=60)
    await office.isolated.run(service.close_silent)
    for one in (letter, other):
        assert not {"rate", "reopen"} & {*(await one.seen())["actions"]}
        assert (await one.as_sender("rate", grade="satisfied")).status_code == 409


async def test_a_refusal_offers_nothing_that_would_be_refused_as_well(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)
    refused = (await letter.act("grant_reopen", role="supervisor")).json()
    assert refused["type"] == "/problems/state-conflict"
    assert "；可以：" in refused["detail"]
    assert "延期" not in refused["detail"], "nobody has asked for one"
    await letter.act("request_extension", sub="one")
    refused = (await letter.act("grant_reopen", role="supervisor", sub="two")).json()
    assert "批准延期" in refused["detail"]
    await letter.act("submit_reply")
    await letter.act("approve", sub="two")
    assert "评价" in (await letter.as_sender("withdraw")).json()["detail"]
    office.isolated.clock.now += timedelta(days=60)
    assert "评价" not in (await letter.as_sender("withdraw")).json()["detail"]


async def test_staff_see_that_a_limit_stands_still_and_since_when(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)
    [running] = await office.list("officer", reg_no=letter.reg_no)
    asked = (await letter.act("ask_citizen")).json()
    [paused] = await office.list("officer", reg_no=letter.reg_no)
    resumed = (await letter.act("resume")).json()
    shown = [(one["due_on_is_paused"], one["paused_since"]) for one in (running, asked, paused)]
    assert shown == [(False, None), (True, "2026-11-23"), (True, "2026-11-23")]
    assert (resumed["due_on_is_paused"], resumed["paused_since"]) == (False, None)


def test_every_role_of_the_table_is_tried() -> None:
    tried = {*STAFF, SENDER}
    assert {role for row in workflow.MOVES for role in row.roles} - tried == {workflow.CLOCK}
