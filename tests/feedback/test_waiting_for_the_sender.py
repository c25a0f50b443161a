"""A department cannot stop its clock without end, nor ask for more days than the rules give."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.feedback.casework import missing_clocks, service
from services.feedback.casework.clocks import ASKED
from services.feedback.casework.workflow import MOVES
from services.feedback.letters.limits import DECISION_LIMITS
from services.feedback.letters.models import LetterState as S
from tests.feedback.isolated_service import at
from tests.feedback.letter_helpers import API, Letter, LetterOffice
from tests.provoking import provokes


async def waited_out(office: LetterOffice, moment: str) -> None:
    """What the job does once the sender's time is over."""
    office.isolated.clock.now = at(moment)
    await office.isolated.run(service.resume_waiting)


async def asked(letter: Letter, path: str, **body: Any) -> httpx.Response:
    """An extension, by either of its addresses."""
    return await letter.office.client.post(
        f"{API}/letters/{letter.id}/{path}",
        json=body,
        headers={**letter.office.headers("officer"), "If-Match": f'"{letter.version}"'},
    )


@provokes("letter_ask_citizen", "waiting-spent")
async def test_a_letter_waits_five_working_days_for_its_sender_in_all(
    office: LetterOffice,
) -> None:
    """Asked on Monday the 23rd, answered on Wednesday, asked again on Thursday."""
    letter = await office.letter_in(S.AWAITING_CITIZEN)
    due = (await letter.seen())["due_on"]
    assert due == "2026-12-07"
    office.isolated.clock.now = at("2026-11-25 10:00")
    await letter.act("supplement")
    assert (await letter.seen())["due_on"] == "2026-12-09"
    office.isolated.clock.now = at("2026-11-26 10:00")
    await letter.act("ask_citizen")
    await waited_out(office, "2026-12-01 23:00")
    assert (await letter.seen())["state"] == "awaiting_citizen", "three days are left"
    await waited_out(office, "2026-12-04 10:00")
    letter.state, letter.version = S.HANDLING, letter.version + 1
    seen = await letter.seen()
    assert (seen["state"], seen["due_on"]) == ("handling", "2026-12-14"), "however late the job is"
    refused = await letter.act("ask_citizen")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/waiting-spent")


async def test_the_sender_is_told_until_when_to_answer_and_that_the_limit_stands_still(
    office: LetterOffice,
) -> None:
    letter = await office.letter_in(S.HANDLING)
    before = await letter.seen()
    assert (before["answer_by"], before["due_on_is_paused"]) == (None, False)
    await letter.act("ask_citizen", question="请补充路灯杆编号")
    seen = await letter.seen()
    assert (seen["answer_by"], seen["due_on_is_paused"]) == ("2026-11-30", True)
    assert seen["timeline"][-1]["message"] == (
        "请补充路灯杆编号\n请在11月30日（含当日）前补充；等候期间，答复期限暂停计算"
    )
    await letter.act("log_activity")
    assert "11月30日" in (await letter.seen())["timeline"][-2]["message"]
    office.isolated.clock.now = at("2026-11-25 10:00")
    answered = (await letter.as_sender("supplement", text="杆号 12")).json()
    assert (answered["answer_by"], answered["due_on_is_paused"]) == (None, False)
    assert [
        step["message"] for step in answered["timeline"] if step["action"] == "ask_citizen"
    ] == ["请补充路灯杆编号"]


async def test_the_list_of_own_letters_has_the_day_to_answer_by(office: LetterOffice) -> None:
    me = office.headers("citizen", sub=f"citizen-{office.department}")
    contact = {"name": "赵铁柱", "phone": "13911112222"}
    written = {"kind": "help", "title": "路灯不亮", "body": "路灯不亮，请尽快维修。"}
    for state in (S.HANDLING, S.AWAITING_CITIZEN):
        answer = await office.client.post(
            f"{API}/letters", json={**written, "contact": contact}, headers=me
        )
        await Letter(office, answer.json()).bring_to(state)
    found = (await office.client.get(f"{API}/letters/mine", headers=me)).json()["items"]
    by_state = {one["state"]: (one["answer_by"], one["due_on_is_paused"]) for one in found}
    assert by_state == {"handling": (None, False), "awaiting_citizen": ("2026-11-30", True)}


async def test_two_steps_of_a_letter_have_two_names(office: LetterOffice) -> None:
    """The office accepts the letter, and the department takes it on: one action, two things."""
    seen = await (await office.letter_in(S.HANDLING)).seen()
    labels = [step["label"] for step in seen["timeline"]]
    assert labels == ["收到", "登记", "受理", "派单", "签收办理"]
    waits = await office.letter_in(S.DISPATCHED)
    refused = await waits.act("submit_reply", role="officer")
    assert "签收办理" in refused.json()["detail"]


async def test_only_a_supervisor_lets_it_wait_further(office: LetterOffice) -> None:
    letter = await office.letter_in(S.AWAITING_CITIZEN)
    office.isolated.clock.now = at("2026-11-30 10:00")
    assert (await letter.act("ask_citizen", role="officer")).status_code == 403
    assert (await letter.act("ask_citizen", role="supervisor")).status_code == 200
    await waited_out(office, "2026-12-07 10:00")
    assert (await letter.seen())["state"] == "awaiting_citizen", "five days from the 30th"
    await waited_out(office, "2026-12-08 10:00")
    letter.state, letter.version = S.HANDLING, letter.version + 1
    assert (await letter.seen())["due_on"] == "2026-12-21", "ten days were waited"
    assert (await letter.act("ask_citizen")).status_code == 409
    again = await letter.act("ask_citizen", role="supervisor")
    assert (again.status_code, again.json()["state"]) == (200, "awaiting_citizen"), again.text


async def test_neither_a_merge_nor_another_kind_gives_days_to_wait_back(
    office: LetterOffice,
) -> None:
    letter = await office.letter_in(S.AWAITING_CITIZEN)
    office.isolated.clock.now = at("2026-11-30 10:00")
    await letter.act("supplement")
    for action in ("merge", "unmerge"):
        assert (await letter.act(action)).status_code == 200
    assert (await letter.act("ask_citizen")).status_code == 409
    await letter.act("recall")
    await letter.act("reclassify", kind="help")
    for action in ("accept", "dispatch", "accept"):
        await letter.act(action)
    assert (await letter.act("ask_citizen")).status_code == 409


@provokes("letter_request_extension", "extension-too-long")
@provokes("ask_letter_extension", "extension-too-long")
async def test_an_extension_longer_than_the_rules_is_refused_when_it_is_asked_for(
    office: LetterOffice,
) -> None:
    letter = await office.letter_in(S.HANDLING, kind="consultation")
    for path in ("actions/request_extension", "extensions"):
        refused = await asked(letter, path, workdays=6, reason="等待配件")
        assert refused.json()["type"] == "/problems/extension-too-long"
        assert refused.json()["allowed"] == 5
    await letter.act("request_extension", workdays=3, sub="li")
    await letter.act("approve_extension", sub="boss")
    again = await asked(letter, path, workdays=3, reason="等待配件")
    assert again.json()["allowed"] == 2
    assert (await asked(letter, path, workdays=2, reason="等待配件")).status_code == 200


@pytest.mark.parametrize("state", [S.REOPEN_REQUESTED, S.APPEALED])
async def test_a_letter_that_waits_for_a_decision_from_before_gets_its_clock(
    office: LetterOffice, state: S
) -> None:
    letter = await office.letter_in(state)
    await letter.act("supplement", text="请尽快决定")
    clocks = text(
        "SELECT kind, base_on::text FROM deadline WHERE subject_id = CAST(:id AS uuid)"
        " AND state = 'running' AND kind IN ('reopen_decision', 'letter_appeal')"
    )
    unknown = "UPDATE deadline SET subject_id = gen_random_uuid() WHERE subject_id = :id"
    async with office.isolated.sessions() as session:
        before = (await session.execute(clocks, {"id": letter.id})).all()
        await session.execute(text(unknown), {"id": UUID(letter.id)})
        await session.commit()
    assert len(before) == 1
    office.isolated.clock.now = at("2026-12-20 10:00")
    await office.isolated.run(missing_clocks.start_missing)
    async with office.isolated.sessions() as session:
        assert (await session.execute(clocks, {"id": letter.id})).all() == before


@pytest.mark.parametrize("state", [S.REOPEN_REQUESTED, S.APPEALED])
async def test_a_letter_that_waits_for_a_decision_is_due_when_that_is(
    office: LetterOffice, state: S
) -> None:
    """Not on the day of a reply that has gone out, or that nobody owes."""
    letter = await office.letter_in(state)
    clock = text(
        "SELECT due_on::text FROM deadline WHERE subject_id = CAST(:id AS uuid)"
        " AND state = 'running' AND kind IN ('reopen_decision', 'letter_appeal')"
    )
    async with office.isolated.sessions() as session:
        due_on = (await session.execute(clock, {"id": letter.id})).scalar_one()
    [listed] = await office.list("supervisor", reg_no=letter.reg_no, sort="due_on")
    assert (listed["due_on"], (await letter.seen())["due_on"]) == (due_on, due_on)
    office.isolated.clock.now = at("2027-06-01 10:00")
    [late] = await office.list("supervisor", reg_no=letter.reg_no, overdue=True)
    assert late["overdue"] is True


def test_each_decision_that_a_sender_asks_for_has_its_limit() -> None:
    asked = {ASKED[effect]: move.to for move in MOVES for effect in move.clocks if effect in ASKED}
    assert asked == DECISION_LIMITS
