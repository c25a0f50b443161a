"""What senders may do at any time, and that nothing of theirs is lost."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.feedback.letters.models import LetterState as S
from tests.feedback.letter_helpers import API, BODY, Letter, LetterOffice
from tests.feedback.reviewing import published, replied
from tests.provoking import provokes
from tests.support import eventually

CONTACT = {"name": "赵铁柱", "phone": "13911112222"}


@pytest.mark.parametrize("state", [S.IN_REVIEW, S.REPLIED, S.MERGED, S.REOPEN_REQUESTED])
async def test_the_sender_may_still_add(office: LetterOffice, state: S) -> None:
    letter = await office.letter_in(state)
    answer = await letter.act("supplement", text="又坏了一盏")
    assert (answer.status_code, answer.json()["state"]) == (200, state), answer.text
    seen = await letter.seen()
    assert [added["text"] for added in seen["supplements"]] == ["又坏了一盏"]
    assert seen["body"] == BODY


@pytest.mark.parametrize("state", S)
async def test_consent_is_given_and_taken_back_at_any_time(office: LetterOffice, state: S) -> None:
    letter = await office.letter_in(state)
    for wanted in (False, True):
        answer = await letter.act("consent", wants_public=wanted)
        assert (answer.status_code, answer.json()["state"]) == (200, state), answer.text
        assert (await letter.seen())["wants_public"] is wanted


async def test_consent_taken_back_takes_the_public_copy_down_at_once(office: LetterOffice) -> None:
    review = await published(office)
    path = f"{API}/published-letters/{review.letter.reg_no}"
    assert (await office.client.get(path)).status_code == 200
    await review.letter.act("consent", wants_public=False)
    assert (await office.client.get(path)).status_code == 404


@provokes("approve_publication", "not-agreed")
async def test_nothing_is_published_against_the_senders_will(office: LetterOffice) -> None:
    review = await replied(office)
    await review.accept_all()
    await review.letter.act("consent", wants_public=False)
    refused = await review.post("/approve")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-agreed")


async def test_consent_taken_back_while_the_last_reviewer_approves_is_heard(
    office: LetterOffice,
) -> None:
    review = await replied(office)
    await review.accept_all()
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    unwilling = text("UPDATE letter SET wants_public = false, version = version + 1 WHERE id = :id")
    async with office.isolated.sessions() as session:
        await session.execute(unwilling, {"id": review.letter.id})
        approving = asyncio.create_task(review.post("/approve"))
        await eventually(lambda: session.scalar(waiting))
        await session.commit()
    refused = await approving
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-agreed")


@provokes("consent_to_publication", "not-found", "too-many-requests")
async def test_only_the_sender_agrees(office: LetterOffice) -> None:
    letter = await office.write()
    path = f"{API}/letters/{letter.reg_no}/consent"
    statuses = []
    for _ in range(21):
        body = {"code": "0000000000", "wants_public": True}
        statuses.append((await office.client.post(path, json=body)).status_code)
    assert (statuses[0], statuses[-1]) == (404, 429)


@pytest.mark.parametrize("place", ["body", "header", "address"])
async def test_the_query_code_opens_wherever_it_is_sent(office: LetterOffice, place: str) -> None:
    letter = await office.write()
    answer = await office.client.post(
        f"{API}/letters/{letter.reg_no}/consent",
        json={"wants_public": False, **({"code": letter.code} if place == "body" else {})},
        headers={"X-Query-Code": letter.code} if place == "header" else {},
        params={"code": letter.code} if place == "address" else {},
    )
    assert (answer.status_code, answer.json()["wants_public"]) == (200, False), answer.text


@provokes("letter_grant_appeal", "four-eyes")
async def test_an_appeal_is_decided_by_another_and_reopens_the_letter(office: LetterOffice) -> None:
    letter = await office.write()
    await letter.act("register")
    refused = await letter.act("refuse", sub="refuser-1")
    assert refused.status_code == 200, refused.text
    answer = await letter.act("appeal", reason="属于本级职责")
    assert answer.json()["state"] == "appealed", answer.text
    own = await letter.act("grant_appeal", sub="refuser-1")
    assert own.json()["type"] == "/problems/four-eyes"
    granted = await letter.act("grant_appeal", sub="supervisor-2")
    assert granted.json()["state"] == "registered"
    assert (await letter.seen())["due_on"] == "2026-12-07"
    over = await letter.act("refuse", sub="refuser-1")
    assert (over.status_code, over.json()["type"]) == (409, "/problems/state-conflict"), "for good"
    assert "复查后" in over.json()["detail"]


@provokes("appeal_my_letter", "already-appealed", "state-conflict", "not-found")
async def test_a_refusal_is_appealed_once(office: LetterOffice) -> None:
    letter = await office.letter_in(S.APPEALED)
    await letter.act("reject_appeal", reason="不属本级职责")
    seen = await letter.seen()
    assert (seen["state"], seen["timeline"][-1]["message"]) == ("not_accepted", "不属本级职责")
    assert "appeal" not in seen["actions"]
    again = await letter.act("appeal")
    assert again.json()["type"] == "/problems/already-appealed"
    early = await office.write()
    assert (await early.act("appeal", role="sender")).status_code == 409
    early.code = "0000000000"
    assert (await early.act("appeal", role="sender")).status_code == 404


async def merged_pair(office: LetterOffice, **letter: Any) -> tuple[Letter, Letter]:
    main, other = await office.letter_in(S.HANDLING), await office.write(**letter)
    assert (await other.act("merge", into=main.id)).status_code == 200
    return main, other


async def test_a_merged_sender_rates(office: LetterOffice) -> None:
    main, other = await merged_pair(office)
    assert "rate" not in (await other.seen())["actions"]
    assert (await other.as_sender("rate", grade="satisfied")).status_code == 409
    assert (await other.seen())["due_on"] == (await main.seen())["due_on"] is not None
    await main.act("submit_reply")
    await main.act("approve")
    assert "rate" in (await other.seen())["actions"]
    rated = await other.as_sender("rate", grade="dissatisfied", text="还是不亮")
    assert (rated.status_code, rated.json()["state"]) == (200, "merged"), rated.text
    assert (await main.seen())["state"] == "reopen_requested", "a bad grade is never without effect"
    again = await other.as_sender("rate", grade="satisfied")
    assert again.json()["type"] == "/problems/answer-already-rated"


async def test_a_merged_letter_is_withdrawn(office: LetterOffice) -> None:
    _, other = await merged_pair(office)
    assert (await other.act("withdraw", role="sender")).json()["state"] == "withdrawn"


async def test_the_officer_who_answers_reads_what_was_merged(office: LetterOffice) -> None:
    main, other = await merged_pair(
        office, title="灯坏了", body="我是赵铁柱，灯坏了", contact=CONTACT, anonymity="confidential"
    )
    await other.act("supplement", text="赵铁柱补充：两盏")
    for what in ("file", "papers"):
        path = f"{API}/letters/{main.id}/{what}"
        seen = (await office.client.get(path, headers=office.headers("officer"))).json()["merged"]
        assert [(one["reg_no"], one["title"]) for one in seen] == [(other.reg_no, "灯坏了")]
        assert (seen[0]["body"], seen[0]["supplements"]) == (
            "我是赵某，灯坏了",
            ["赵某补充：两盏"],
        )


async def test_an_accusation_is_not_read_through_what_it_was_merged_into(
    office: LetterOffice,
) -> None:
    main, other = [await office.write(kind="accusation", title="举报收费") for _ in range(2)]
    assert (await other.act("merge", into=main.id)).status_code == 200
    async with office.isolated.sessions() as session:
        # What its registration as a complaint does, whatever it was written as.
        changed = "UPDATE letter SET kind = 'complaint', department_code = :d WHERE id = :id"
        await session.execute(text(changed), {"id": main.id, "d": office.department})
        await session.commit()
    path = f"{API}/letters/{main.id}/file"
    seen = await office.client.get(path, headers=office.headers("officer"))
    assert (seen.status_code, seen.json()["merged"]) == (200, []), seen.text


async def test_an_account_lists_its_own_letters_but_no_anonymous_one(office: LetterOffice) -> None:
    me = office.headers("citizen", sub=f"citizen-{office.department}")
    letters: list[dict[str, Any]] = [
        {"contact": CONTACT},
        {"contact": CONTACT, "anonymity": "confidential"},
        {"anonymity": "anonymous"},
    ]
    numbers = []
    for letter in letters:
        written = {"kind": "help", "title": "路灯不亮", "body": BODY, **letter}
        answer = await office.client.post(f"{API}/letters", json=written, headers=me)
        numbers.append(answer.json()["reg_no"])
    first = (await office.client.get(f"{API}/letters/mine?limit=1", headers=me)).json()
    path = f"{API}/letters/mine?cursor={first['next_cursor']}"
    second = (await office.client.get(path, headers=me)).json()
    found = [item["reg_no"] for item in first["items"] + second["items"]]
    assert sorted(found) == sorted(numbers[:2])
    assert first["items"][0]["due_on"] == "2026-12-07"
    other = office.headers("citizen", sub="somebody-else")
    assert (await office.client.get(f"{API}/letters/mine", headers=other)).json()["items"] == []


async def renewed(office: LetterOffice, letter: Letter, role: str = "dispatcher") -> httpx.Response:
    return await office.client.post(
        f"{API}/letters/{letter.id}/query-code", headers=office.headers(role, sub="checker-1")
    )


async def test_a_renewed_code_opens_and_the_old_one_is_dead(office: LetterOffice) -> None:
    letter = await office.write(contact=CONTACT)
    old = letter.code
    answer = await renewed(office, letter)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    letter.code = answer.json()["query_code"]
    assert (await letter.seen())["title"] == "路灯不亮"
    dead = await office.client.get(f"{API}/letters/{letter.reg_no}", params={"code": old})
    assert dead.status_code == 404
    async with office.isolated.sessions() as session:
        rows = await session.execute(
            text("SELECT actor FROM audit_log WHERE action = 'letter.query_code_renewed'"
                 " AND object = :object"), {"object": f"letter:{letter.id}"},
        )  # fmt: skip
        assert rows.scalars().all() == ["checker-1"]


@provokes("renew_query_code", "forbidden")
@pytest.mark.parametrize("role", ["supervisor", "dispatcher"])
async def test_no_department_gets_the_code_of_a_letter_that_it_handles(
    office: LetterOffice, role: str
) -> None:
    letter = await office.letter_in(S.HANDLING, contact=CONTACT, kind="complaint")
    path = f"{API}/letters/{letter.id}/query-code"
    for places in ((office.department,), ("*", office.department)):
        refused = await office.client.post(path, headers=office.headers(role, *places))
        assert refused.status_code in (403, 404), refused.text
    assert refused.json()["type"] == "/problems/forbidden"
    assert (await letter.seen())["state"] == "handling", "the sender's own code still opens"


@provokes("renew_query_code", "sender-unknown", "not-found")
async def test_nobody_gets_the_code_of_an_anonymous_letter(office: LetterOffice) -> None:
    letter = await office.write()
    assert (await renewed(office, letter)).json()["type"] == "/problems/sender-unknown"
    letter.id = letter.id[:-4] + "0000"
    assert (await renewed(office, letter)).status_code == 404
    assert (await renewed(office, letter, "officer")).status_code == 403
