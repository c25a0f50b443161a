"""Merging like letters, and undoing it."""

import asyncio

import pytest

from services.feedback.casework.workflow import LIVE
from services.feedback.letters.models import LetterState as S
from tests.feedback.isolated_service import at
from tests.feedback.letter_helpers import LetterOffice
from tests.provoking import provokes


async def test_a_merged_letter_follows_the_other_and_can_be_freed(office: LetterOffice) -> None:
    main, other = await office.letter_in(S.HANDLING), await office.write()
    await other.act("merge", into=main.id)
    await main.act("submit_reply", text="业主王小明，电话13800138000，路灯已修复。")
    await main.act("approve")
    seen = await other.seen()
    assert (seen["state"], seen["reply"]) == ("merged", "业主王某，电话［电话］，路灯已修复。")
    assert main.reg_no not in str(seen)
    await other.act("unmerge")
    seen = await other.seen()
    assert (seen["state"], seen["reply"], seen["due_on"]) == ("received", None, "2026-12-07")


async def test_who_rated_the_joint_answer_may_rate_the_own_one_too(office: LetterOffice) -> None:
    main, other = await office.letter_in(S.HANDLING), await office.write()
    await other.act("merge", into=main.id)
    for action in ("submit_reply", "approve"):
        assert (await main.act(action)).status_code == 200
    assert (await other.as_sender("rate", grade="satisfied")).status_code == 200
    again = await other.as_sender("rate", grade="satisfied")
    assert again.json()["type"] == "/problems/answer-already-rated"
    other.version += 1
    await other.act("unmerge")
    await other.bring_to(S.REPLIED)
    own = await other.as_sender("rate", grade="satisfied")
    assert own.status_code == 200, own.text
    assert (await other.as_sender("rate", grade="satisfied")).status_code == 409


@provokes("letter_merge", "cannot-merge")
async def test_merging_makes_no_circle(office: LetterOffice) -> None:
    a, b, c = [await office.write() for _ in range(3)]
    assert (await a.act("merge", into=a.id)).status_code == 409
    assert (await a.act("merge", into=b.id)).status_code == 200
    assert (await b.act("merge", into=a.id)).status_code == 409
    assert (await c.act("merge", into=a.id)).json()["type"] == "/problems/cannot-merge"
    assert (await b.act("merge", into=c.id)).status_code == 200


@pytest.mark.parametrize("state", [S.REPLIED, S.REOPEN_REQUESTED, S.CLOSED])
async def test_no_letter_is_merged_into_one_that_owes_no_other_reply(
    office: LetterOffice, state: S
) -> None:
    answered, other = await office.letter_in(state), await office.letter_in(S.REGISTERED)
    before = await other.seen()
    refused = await other.act("merge", into=answered.id)
    assert (refused.status_code, refused.json()["state"]) == (409, state)
    assert "重办" in refused.json()["detail"]
    assert (await other.seen())["due_on"] == before["due_on"] is not None


async def test_a_reply_from_before_the_merge_is_no_reply_to_who_was_merged(
    office: LetterOffice,
) -> None:
    main, other = await office.letter_in(S.REPLIED), await office.write()
    for action in ("reopen", "grant_reopen"):
        assert (await main.act(action)).status_code == 200
    office.isolated.clock.now = at("2026-11-24 09:00")
    assert (await other.act("merge", into=main.id)).status_code == 200
    seen = await other.seen()
    assert (seen["reply"], seen["replied_at"], "rate" in seen["actions"]) == (None, None, False)
    assert (await other.as_sender("rate", grade="satisfied")).status_code == 409
    assert (await main.seen())["reply"] is not None
    office.isolated.clock.now = at("2026-11-24 10:00")
    for action in ("submit_reply", "approve"):
        assert (await main.act(action)).status_code == 200
    seen = await other.seen()
    assert seen["reply"] is not None
    assert "rate" in seen["actions"]
    assert (await other.as_sender("rate", grade="satisfied")).status_code == 200


async def test_a_reply_from_before_a_later_merge_of_the_chain_is_no_reply_to_the_first_letter(
    office: LetterOffice,
) -> None:
    first, second, third = [await office.write() for _ in range(3)]
    assert (await first.act("merge", into=second.id)).status_code == 200
    office.isolated.clock.now = at("2026-11-24 09:00")
    await third.bring_to(S.REPLIED)
    for action in ("reopen", "grant_reopen"):
        assert (await third.act(action)).status_code == 200
    office.isolated.clock.now = at("2026-11-24 10:00")
    assert (await second.act("merge", into=third.id)).status_code == 200
    for waiting in (first, second):
        seen = await waiting.seen()
        assert (seen["reply"], seen["replied_at"], "rate" in seen["actions"]) == (None, None, False)
        assert (await waiting.as_sender("rate", grade="satisfied")).status_code == 409
    assert (await third.seen())["reply"] is not None
    office.isolated.clock.now = at("2026-11-24 11:00")
    for action in ("submit_reply", "approve"):
        assert (await third.act(action)).status_code == 200
    for waiting in (first, second):
        seen = await waiting.seen()
        assert seen["reply"] is not None
        assert "rate" in seen["actions"]
        assert (await waiting.as_sender("rate", grade="satisfied")).status_code == 200
        assert "rate" not in (await waiting.seen())["actions"]


async def test_what_nobody_would_read_is_not_added_to_a_merged_letter(office: LetterOffice) -> None:
    main, other = await office.letter_in(S.HANDLING), await office.write()
    await other.act("merge", into=main.id)
    assert "supplement" in (await other.seen())["actions"]
    for action in ("submit_reply", "approve", "rate_good"):
        assert (await main.act(action)).status_code == 200
    refused = await other.as_sender("supplement", text="没修好，漏电伤人")
    assert (refused.status_code, refused.json()["state"]) == (409, "merged")
    assert "不满意" in refused.json()["detail"]
    seen = await other.seen()
    assert ("supplement" in seen["actions"], "rate" in seen["actions"]) == (False, True)
    assert (await other.as_sender("rate", grade="dissatisfied")).status_code == 200
    assert (await main.seen())["state"] == "reopen_requested"
    assert (await other.as_sender("supplement", text="没修好，漏电伤人")).status_code == 200


async def test_who_can_neither_add_nor_rate_any_more_is_advised_to_write_anew(
    office: LetterOffice,
) -> None:
    main, other = await office.letter_in(S.HANDLING), await office.write()
    await other.act("merge", into=main.id)
    for action in ("submit_reply", "approve", "rate_good"):
        assert (await main.act(action)).status_code == 200
    office.isolated.clock.now = at("2026-12-31 09:00")
    rated = await other.as_sender("rate", grade="dissatisfied")
    assert rated.json()["type"] == "/problems/reopen-too-late"
    refused = await other.as_sender("supplement", text="没修好，漏电伤人")
    assert refused.status_code == 409
    assert "已过评价期限的，请另写一封来信" in refused.json()["detail"]


async def test_opposite_merges_at_once_make_one(office: LetterOffice) -> None:
    a, b = await office.write(), await office.write()
    answers = await asyncio.gather(a.act("merge", into=b.id), b.act("merge", into=a.id))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.parametrize("state", LIVE)
async def test_an_undone_merge_brings_back_the_state_and_its_limit(
    office: LetterOffice, state: S
) -> None:
    letter = await office.letter_in(state)
    before = await letter.seen()
    for action in ("merge", "unmerge"):
        assert (await letter.act(action)).status_code == 200
    after = await letter.seen()
    assert (after["state"], after["due_on"]) == (state, before["due_on"])
    if state is S.AWAITING_CITIZEN:
        assert (await letter.act("supplement")).json()["state"] == "handling"


async def test_an_undone_merge_gives_back_the_limit_of_the_reopening_with_its_extension(
    office: LetterOffice,
) -> None:
    letter = await office.letter_in(S.REPLIED, kind="consultation")
    await letter.act("rate_bad")
    office.isolated.clock.now = at("2026-12-09 10:00")
    await letter.act("grant_reopen")
    await letter.act("request_extension", workdays=2, sub="li")
    await letter.act("approve_extension", sub="boss")
    before = await letter.seen()
    assert before["due_on"] == "2026-12-18", "five days and two from the reopening"
    office.isolated.clock.now = at("2026-12-11 10:00")
    for action in ("merge", "unmerge"):
        assert (await letter.act(action)).status_code == 200
    assert (await letter.seen())["due_on"] == before["due_on"]


async def test_a_kind_corrected_after_an_appeal_keeps_the_day_that_its_limit_ran_from(
    office: LetterOffice,
) -> None:
    letter = await office.letter_in(S.APPEALED, kind="suggestion")
    office.isolated.clock.now = at("2026-12-09 10:00")
    await letter.act("grant_appeal", sub="supervisor-2")
    await letter.act("reclassify", kind="consultation")
    assert (await letter.seen())["due_on"] == "2026-12-16", "five working days from the appeal"
