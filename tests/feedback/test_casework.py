"""The guards of the table: four eyes, extensions, returns, reopening, merging, silence."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.feedback.casework import service
from services.feedback.casework.events import LetterDispatched, LetterMerged, LetterRegistered
from services.feedback.letters.models import LetterState as S
from services.feedback.reminders import service as reminders
from tests.feedback.isolated_service import at, outbox
from tests.feedback.letter_helpers import API, FIELDS, WAY, Letter, LetterOffice
from tests.provoking import provokes


@provokes("letter_approve", "four-eyes")
async def test_whoever_wrote_a_reply_may_not_approve_it(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)
    await letter.act("submit_reply", sub="li")
    refused = await letter.act("approve", sub="li")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/four-eyes")
    assert (await letter.act("approve", sub="wang")).status_code == 200


async def test_the_database_itself_refuses_an_author_as_approver(office: LetterOffice) -> None:
    letter = await office.letter_in(S.IN_REVIEW)
    async with office.isolated.sessions() as session:
        with pytest.raises(IntegrityError, match="four_eyes"):
            await session.execute(
                text(
                    "INSERT INTO reply_approval (reply_id, author, approved_by, approved_at)"
                    " SELECT id, author, author, now() FROM letter_reply WHERE letter_id = :id"
                ),
                {"id": letter.id},
            )


async def test_a_reply_sent_back_is_rewritten_and_kept(office: LetterOffice) -> None:
    letter = await office.letter_in(S.IN_REVIEW)
    await letter.act("send_back")
    await letter.act("submit_reply", text="您好，路灯已于11月22日修复。")
    await letter.act("approve")
    assert (await letter.seen())["reply"] == "您好，路灯已于11月22日修复。"
    file = await _file(letter, "supervisor")
    assert len(file["replies"]) == 2


async def test_the_sender_is_told_why_and_where_else_to_go(office: LetterOffice) -> None:
    letter = await office.letter_in(S.NOT_ACCEPTED)
    step = (await letter.seen())["timeline"][-1]
    assert step["action"] == "refuse"
    assert "人民法院" in step["message"]


@provokes("letter_return", "already-returned")
async def test_a_second_return_has_to_be_disputed(office: LetterOffice) -> None:
    letter = await office.letter_in(S.DISPATCHED)
    for action in ("return", "accept", "dispatch"):
        assert (await letter.act(action)).status_code == 200
    again = await letter.act("return")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-returned")
    assert (await letter.act("dispute")).status_code == 200


@provokes("letter_return", "return-too-late")
async def test_a_return_comes_within_two_working_days(office: LetterOffice) -> None:
    letter = await office.letter_in(S.DISPATCHED)
    office.isolated.clock.now = at("2026-11-26 00:00")
    late = await letter.act("return")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/return-too-late")


async def test_an_extension_moves_the_due_date_and_keeps_the_first(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)
    await letter.act("request_extension", workdays=3, sub="li")
    await letter.act("approve_extension", sub="boss")
    clock = await _reply_clock(letter)
    assert (clock["due_on"], clock["original_due_on"]) == ("2026-12-10", "2026-12-07")
    assert clock["due_on_is_provisional"] is clock["is_provisional"] is False


async def test_an_extension_asked_for_in_time_is_granted_after_the_limit_has_passed(
    office: LetterOffice,
) -> None:
    letter = await office.letter_in(S.HANDLING)
    office.isolated.clock.now = at("2026-12-07 16:00")
    await letter.act("request_extension", workdays=3, sub="li")
    office.isolated.clock.now = at("2026-12-08 09:00")
    await reminders.watch(office.isolated.sessions, office.isolated.clock.now)
    assert (await _reply_clock(letter))["state"] == "breached"
    granted = await letter.act("approve_extension", sub="boss")
    assert granted.status_code == 200, granted.text
    clock = await _reply_clock(letter)
    assert (clock["state"], clock["due_on"]) == ("running", "2026-12-10")


@provokes("letter_approve_extension", "four-eyes")
async def test_an_extension_is_not_approved_by_its_asker(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)
    await letter.act("request_extension", sub="li")
    refused = await letter.act("approve_extension", sub="li")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/four-eyes")


@provokes("letter_request_extension", "extension-too-late")
async def test_an_extension_is_not_asked_for_after_the_due_date(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)
    office.isolated.clock.now = at("2026-12-08 00:00")
    late = await letter.act("request_extension")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/extension-too-late")


async def test_waiting_for_the_sender_stops_the_clock(office: LetterOffice) -> None:
    letter = await office.letter_in(S.AWAITING_CITIZEN)
    office.isolated.clock.now = at("2026-11-25 10:00")
    await letter.act("supplement")
    assert letter.state is S.HANDLING
    assert (await _reply_clock(letter))["due_on"] == "2026-12-09"


async def test_a_sender_who_does_not_answer_stops_nothing(office: LetterOffice) -> None:
    letter = await office.letter_in(S.AWAITING_CITIZEN)
    office.isolated.clock.now = at("2026-12-01 00:10")
    await office.isolated.run(service.resume_waiting)
    assert (await letter.seen())["state"] == "handling"


@provokes("supplement_my_letter", "too-many-supplements")
async def test_a_letter_takes_twenty_supplements(office: LetterOffice) -> None:
    letter = await office.write()
    answers = [await letter.as_sender("supplement", text=f"补充{n}") for n in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [409]


async def test_silence_closes_unrated(office: LetterOffice) -> None:
    letter = await office.letter_in(S.REPLIED)
    office.isolated.clock.now = at("2026-12-21 23:59")
    await office.isolated.run(service.close_silent)
    assert (await letter.seen())["state"] == "replied"
    office.isolated.clock.now = at("2026-12-22 00:10")
    await office.isolated.run(service.close_silent)
    assert (await letter.seen())["state"] == "closed"
    async with office.isolated.sessions() as session:
        rated = await session.execute(
            text("SELECT count(*) FROM letter_rating WHERE letter_id = :id"), {"id": letter.id}
        )
        assert rated.scalar_one() == 0


@provokes("rate_my_letter", "answer-already-rated")
async def test_an_answer_is_rated_once(office: LetterOffice) -> None:
    letter = await office.letter_in(S.REPLIED)
    assert (await letter.act("rate_good")).status_code == 200
    again = await letter.as_sender("rate", grade="very_satisfied")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/answer-already-rated")


@provokes("reopen_my_letter", "reopened-twice")
async def test_a_letter_is_reopened_twice_at_most(office: LetterOffice) -> None:
    letter = await office.letter_in(S.REPLIED)
    for _ in range(2):
        for action in ("rate_bad", "grant_reopen", "submit_reply", "approve"):
            assert (await letter.act(action)).status_code == 200
    third = await letter.as_sender("reopen", reason="还是没有解决")
    assert (third.status_code, third.json()["type"]) == (409, "/problems/reopened-twice")
    last = await letter.as_sender("rate", grade="very_dissatisfied")
    assert (last.status_code, last.json()["state"]) == (200, "closed")
    async with office.isolated.sessions() as session:
        rows = await session.execute(
            text("SELECT answer_no, grade FROM letter_rating WHERE letter_id = :id ORDER BY 1"),
            {"id": letter.id},
        )
        assert [tuple(row) for row in rows] == [
            (1, "dissatisfied"),
            (2, "dissatisfied"),
            (3, "very_dissatisfied"),
        ]


@provokes("reopen_my_letter", "reopen-too-late")
async def test_the_reopen_window_is_the_databases(office: LetterOffice) -> None:
    letter = await office.letter_in(S.REPLIED)
    forged = await letter.as_sender("reopen", reason="没解决", replied_at="2027-01-01T00:00:00Z")
    assert forged.status_code == 422
    office.isolated.clock.now = at("2026-12-24 00:00")
    late = await letter.as_sender("reopen", reason="没解决")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/reopen-too-late")


async def test_events_name_the_department_but_never_an_accusations(office: LetterOffice) -> None:
    plain = await office.letter_in(S.DISPATCHED)
    accusation = await office.write(kind="accusation")
    await accusation.act("register", accused=[])
    for action in WAY[S.HANDLING][1:]:
        await accusation.act(action)
    async with office.isolated.sessions() as session:
        own = await outbox(session, LetterDispatched, office.department)
        apart = await outbox(session, LetterDispatched, "_accusation")
        mixed = [
            event["letter_id"]
            for kind in (LetterRegistered, LetterDispatched)
            for event in await outbox(session, kind, "_")
        ]
    assert [event["letter_id"] for event in own] == [plain.id]
    assert own[0]["department_code"] == office.department
    [told] = [event for event in apart if event["letter_id"] == accusation.id]
    assert told["department_code"] is None
    assert plain.id in mixed
    assert accusation.id not in mixed, "who reads what has no department could count them"


async def test_events_hold_no_word_of_the_letter(office: LetterOffice) -> None:
    a, b = await office.write(title="我叫钱多多"), await office.write()
    await a.act("merge", into=b.id)
    await b.act("register")
    async with office.isolated.sessions() as session:
        merged = await outbox(session, LetterMerged, "_")
        registered = await outbox(session, LetterRegistered, "_")
    [event] = [e for e in merged if e["letter_id"] == a.id]
    assert (event["into_letter_id"], event["into_reg_no"]) == (b.id, b.reg_no)
    assert b.id in {e["letter_id"] for e in registered}
    assert "钱" not in str(merged + registered)


async def test_the_kind_settles_the_limit(office: LetterOffice) -> None:
    letter = await office.write(kind="suggestion")
    await letter.act("register", kind="consultation")
    seen = await letter.seen()
    assert seen["due_on"] == "2026-11-30"
    assert seen["due_on_is_provisional"] is seen["due_is_provisional"] is False


BAD: list[tuple[S, str, dict[str, Any]]] = [
    (S.ACCEPTED, "dispatch", {"department_code": "NOWHERE"}),
    (S.ACCEPTED, "dispatch", {"department_code": "不存在"}),
    (S.RECEIVED, "register", {"accused": ["NOWHERE"], "kind": "accusation"}),
    (S.RECEIVED, "register", {"accused": ["D01"]}),
    (S.RECEIVED, "register", {"unknown": 1}),
    (S.HANDLING, "log_activity", {**FIELDS["log_activity"], "held_on": "2026-11-24"}),
    (S.HANDLING, "log_activity", {**FIELDS["log_activity"], "held_on": "2026-02-30"}),
    (S.HANDLING, "submit_reply", {"text": ""}),
    (S.HANDLING, "submit_reply", {"text": "好" * 5001}),
    (S.HANDLING, "request_extension", {"workdays": 31, "reason": "太忙"}),
    (S.RECEIVED, "merge", {"into": "not-an-id"}),
]


@pytest.mark.parametrize(("state", "action", "fields"), BAD)
async def test_bad_fields_are_named_and_move_nothing(
    office: LetterOffice, state: S, action: str, fields: dict[str, Any]
) -> None:
    letter = await office.letter_in(state)
    role = {"dispatch": "dispatcher", "register": "dispatcher", "merge": "dispatcher"}
    answer = await letter.as_staff(action, fields, role.get(action, "officer"))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith("/body/")
    assert (await letter.seen())["state"] == state


@pytest.mark.parametrize("content", [b"null", b"", b"[]", b'"D03"'])
async def test_an_action_without_its_fields_asks_for_them(
    office: LetterOffice, content: bytes
) -> None:
    letter = await office.letter_in(S.ACCEPTED)
    answer = await office.client.post(
        f"{API}/letters/{letter.id}/actions/dispatch",
        content=content,
        headers=office.headers("dispatcher")
        | {"If-Match": str(letter.version), "Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body")
    assert (await letter.seen())["state"] == S.ACCEPTED


async def test_a_refusal_says_what_the_caller_may_do_instead(office: LetterOffice) -> None:
    letter = await office.write()
    refused = await letter.as_staff("dispatch", await office.fields("dispatch"), "dispatcher")
    assert (refused.status_code, refused.json()["state"]) == (409, "received")
    assert refused.json()["detail"] == "现在是“收到”，不能“派单”；可以：登记、并案"


async def _file(letter: Letter, role: str) -> dict[str, Any]:
    answer = await letter.office.client.get(
        f"{API}/letters/{letter.id}/file", headers=letter.office.headers(role)
    )
    found: dict[str, Any] = answer.json()
    return found


async def _reply_clock(letter: Letter) -> dict[str, Any]:
    clocks = (await _file(letter, "supervisor"))["clocks"]
    [clock] = [c for c in clocks if c["kind"].startswith("reply_")]
    found: dict[str, Any] = clock
    return found
