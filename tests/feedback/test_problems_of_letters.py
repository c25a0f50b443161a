"""What letters and their publication refuse, where no other test comes by: problem by problem."""

from uuid import uuid4

import httpx
import pytest

from services.feedback.letters import rules
from services.feedback.letters.models import LetterState as S
from tests.feedback.letter_helpers import API, LetterOffice
from tests.feedback.reviewing import Review, replied
from tests.provoking import provokes

ENGLISH = {"Accept-Language": "en"}


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


@provokes("letter_request_extension", "extension-pending")
async def test_an_extension_is_asked_for_once_at_a_time(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)
    assert (await letter.act("request_extension")).status_code == 200

    assert kind_of(await letter.act("request_extension")) == (409, "extension-pending")


@pytest.mark.parametrize(
    "steps",
    [
        ("recall", "accept", "dispatch", "accept"),
        ("submit_reply", "approve", "rate_bad", "grant_reopen"),
        ("merge", "unmerge"),
    ],
)
async def test_an_extension_ends_undecided_with_the_limit_that_it_was_asked_for(
    office: LetterOffice, steps: tuple[str, ...]
) -> None:
    letter = await office.letter_in(S.HANDLING)
    assert (await letter.act("request_extension", workdays=5, sub="li")).status_code == 200
    for step in steps:
        role = "dispatcher" if step == "unmerge" else None
        by = "wang" if step == "submit_reply" else "li"  # who asked may end it by another step
        assert (await letter.act(step, role=role, sub=by)).status_code == 200, step
    nothing = await letter.act("approve_extension", sub="boss")
    assert nothing.json()["type"] == "/problems/no-extension-asked"
    assert (await letter.act("request_extension", workdays=3, sub="zhao")).status_code == 200
    assert (await letter.act("approve_extension", sub="boss")).status_code == 200


@provokes("letter_approve_extension", "no-extension-asked")
async def test_what_nobody_asked_for_is_not_approved(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)

    assert kind_of(await letter.act("approve_extension")) == (409, "no-extension-asked")


@provokes("letter_register", "not-found")
async def test_a_letter_that_is_not_there_is_not_registered(office: LetterOffice) -> None:
    answer = await office.client.post(
        f"{API}/letters/{uuid4()}/actions/register",
        json={},
        headers={**office.headers("dispatcher"), **ENGLISH, "If-Match": '"1"'},
    )

    assert kind_of(answer) == (404, "not-found")


@provokes("withdraw_my_letter", "state-conflict", "not-found")
async def test_a_sender_withdraws_once_and_with_the_code(office: LetterOffice) -> None:
    letter = await office.write()

    assert kind_of(await letter.as_sender("withdraw", code="ZZZZ-ZZZZ-ZZZZ")) == (404, "not-found")
    assert (await letter.act("withdraw")).status_code == 200
    assert kind_of(await letter.as_sender("withdraw")) == (409, "state-conflict")


@provokes("withdraw_my_letter", "too-many-requests")
async def test_codes_are_not_guessed_by_withdrawing(office: LetterOffice) -> None:
    letter = await office.write()
    for _ in range(rules.ATTEMPTS):
        wrong = await letter.as_sender("withdraw", code="ZZZZ-ZZZZ-ZZZZ")
        assert kind_of(wrong) == (404, "not-found")

    answer = await letter.as_sender("withdraw", code="ZZZZ-ZZZZ-ZZZZ")

    assert kind_of(answer) == (429, "too-many-requests")
    assert int(answer.headers["retry-after"]) > 0


@provokes("reopen_my_letter", "reopen-refused")
async def test_a_reopening_that_was_refused_is_not_asked_again_of_the_same_reply(
    office: LetterOffice,
) -> None:
    letter, other = await office.letter_in(S.HANDLING), await office.write()
    await other.act("merge", into=letter.id)
    for action in ("submit_reply", "approve", "reopen"):
        assert (await letter.act(action)).status_code == 200
    await letter.act("supplement", role="sender")
    assert (await letter.act("refuse_reopen")).status_code == 200
    again = await letter.as_sender("reopen", reason="还是没有解决")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/reopen-refused")
    assert "reopen" not in (await letter.seen())["actions"]
    rated = await letter.as_sender("rate", grade="dissatisfied")
    assert (rated.status_code, rated.json()["state"]) == (200, "closed"), "it counts all the same"
    letter.version += 1

    # Whoever was answered with it has not asked yet, and may have a reason of their own.
    assert (await other.as_sender("rate", grade="dissatisfied")).status_code == 200
    assert (await letter.seen())["state"] == "reopen_requested"
    letter.state, letter.version = S.REOPEN_REQUESTED, letter.version + 1
    for action in ("grant_reopen", "submit_reply", "approve"):
        assert (await letter.act(action)).status_code == 200, action
    assert "reopen" in (await letter.seen())["actions"], "another reply may be asked about"
    assert (await letter.act("rate_bad")).json()["state"] == "reopen_requested"


@provokes("open_redaction", "state-conflict")
async def test_a_publication_is_opened_once(office: LetterOffice) -> None:
    review = await replied(office)
    await review.opened()

    assert kind_of(await review.post()) == (409, "state-conflict")


@provokes("open_redaction", "not-found")
async def test_nothing_is_opened_of_a_letter_that_is_not_there(office: LetterOffice) -> None:
    answer = await office.client.post(
        f"{API}/letters/{uuid4()}/publication",
        json={},
        headers={**office.headers("reviewer"), **ENGLISH},
    )

    assert kind_of(answer) == (404, "not-found")


@provokes("read_redaction", "not-answered")
async def test_nothing_is_to_review_before_the_reply(office: LetterOffice) -> None:
    review = Review(await office.letter_in(S.HANDLING))

    answer = await office.client.get(review.path, headers={**office.headers("reviewer"), **ENGLISH})

    assert kind_of(answer) == (409, "not-answered")


@provokes("decline_publication", "precondition-required")
async def test_a_review_names_the_version_seen(office: LetterOffice) -> None:
    review = await replied(office)
    await review.opened()

    answer = await office.client.post(
        f"{review.path}/decline",
        json={"reason_code": "privacy"},
        headers=office.headers("reviewer"),
    )

    assert kind_of(answer) == (428, "precondition-required")
