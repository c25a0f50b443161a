"""From the reply to the public copy, and that nothing personal comes along."""

from typing import Any

import pytest
from sqlalchemy import text

from services.feedback.casework import events as casework_events
from services.feedback.departments.models import StaffName
from services.feedback.letters.models import LetterState as S
from services.feedback.publication.events import LetterPublished, LetterUnpublished
from tests.feedback.isolated_service import outbox
from tests.feedback.letter_helpers import API, LetterOffice
from tests.feedback.reviewing import BODY, CANARIES, Review, found, published, replied
from tests.provoking import provokes

REASON = "仍可看出来信人是谁"


def leaks(shown: str) -> list[str]:
    """Which canaries can be read in `shown`."""
    bare = shown.replace(" ", "").replace("-", "")
    return [c for c in CANARIES.values() if c in shown or c.replace(" ", "") in bare]


async def test_nothing_personal_reaches_the_public(office: LetterOffice) -> None:
    other = await office.write(title="邓紫薇的邻居", body=BODY)
    review = await replied(office, merging=other)
    await review.accept_all()
    await review.post("/approve")
    [copy] = await found(office, department_code=office.department)
    assert (copy["reg_no"], copy["department_code"]) == (review.letter.reg_no, office.department)
    assert "路灯" in copy["body"]
    assert leaks(str(copy)) == []
    assert other.reg_no not in str(copy)
    for canary in CANARIES.values():
        assert await found(office, q=canary[:20], department_code=office.department) == []
    one = await office.client.get(f"{API}/published-letters/{review.letter.reg_no}")
    assert leaks(one.text) == []


async def test_nothing_personal_reaches_events_or_logs(
    office: LetterOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    await published(office)
    async with office.isolated.sessions() as session:
        bodies = await session.execute(text("SELECT convert_from(body, 'UTF8') FROM outbox"))
        assert leaks("\n".join(bodies.scalars())) == []
        [event] = await outbox(session, LetterPublished, office.department)
    assert event["department_code"] == office.department
    logged = capsys.readouterr()
    assert leaks(logged.out + logged.err) == []


async def test_names_of_own_staff_may_stand_in_the_reply_only(office: LetterOffice) -> None:
    async with office.isolated.sessions() as session, session.begin():
        session.add(StaffName(department_code=office.department, name="林知远"))
    review = await replied(office, body="联系人：林知远，电话71422222。")
    view = await review.accept_all()
    assert "林知远" in view["preview"]["reply"]
    assert view["preview"]["body"] == "联系人：林某，电话［号码］。"


async def test_a_proposal_left_undecided_blocks(office: LetterOffice) -> None:
    review = await replied(office)
    view = await review.opened()
    blocked = await review.post("/approve")
    assert (blocked.status_code, blocked.json()["undecided"]) == (409, len(view["spans"]))


@provokes("approve_publication", "publication-blocked")
async def test_a_number_nobody_decided_blocks(office: LetterOffice) -> None:
    review = await replied(office, body="请致电71422222咨询，谢谢。")
    view = await review.opened()
    async with office.isolated.sessions() as session, session.begin():
        await session.execute(
            text("DELETE FROM redaction_span WHERE part = 'body'"),
        )
    left = [span["id"] for span in view["spans"] if span["part"] != "body"]
    decided = (await review.post("/spans", accept=left)).json()
    assert [b["part"] for b in decided["blocked_by"]] == ["body"]
    assert (await review.post("/approve")).json()["type"] == "/problems/publication-blocked"


async def test_a_reviewer_may_let_a_public_number_stand(office: LetterOffice) -> None:
    review = await replied(office, title="路灯", body="路灯不亮", reply="请拨打71422222。")
    view = await review.opened()
    await review.post("/spans", reject=[span["id"] for span in view["spans"]])
    assert (await review.post("/approve")).json()["state"] == "published"
    assert "71422222" in (await found(office, department_code=office.department))[0]["reply"]


async def test_a_reviewer_adds_what_no_rule_knows(office: LetterOffice) -> None:
    review = await replied(office, title="路灯", body="老槐树下那家的灯太亮", reply="已处理。")
    await review.opened()
    added = {"part": "body", "start": 0, "end": 6, "kind": "other"}
    view = (await review.post("/spans", add=[added])).json()
    assert view["preview"]["body"] == "［略］的灯太亮"


@pytest.mark.parametrize(
    ("span", "status"),
    [
        ({"part": "body", "start": 0, "end": 5000}, 422),
        ({"part": "body", "start": 3, "end": 3}, 422),
        ({"part": "footer", "start": 0, "end": 1}, 422),
        ({"part": "body", "start": -1, "end": 1}, 422),
    ],
)
async def test_spans_outside_their_text_are_refused(
    office: LetterOffice, span: dict[str, Any], status: int
) -> None:
    review = await replied(office)
    await review.opened()
    assert (await review.post("/spans", add=[span])).status_code == status


async def test_a_span_of_another_letter_is_refused(office: LetterOffice) -> None:
    mine, other = await replied(office), await replied(office)
    foreign = (await other.opened())["spans"][0]["id"]
    await mine.opened()
    assert (await mine.post("/spans", accept=[foreign])).status_code == 422


@provokes("approve_publication", "four-eyes")
async def test_a_complaint_takes_two_reviewers(office: LetterOffice) -> None:
    review = await replied(office, kind="complaint")
    await review.accept_all()
    first = await review.post("/approve")
    assert (first.json()["state"], first.json()["approvals"]) == ("in_review", ["reviewer-1"])
    again = await review.post("/approve")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/four-eyes")
    assert await found(office, department_code=office.department) == []
    second = await review.post("/approve", sub="reviewer-2")
    assert second.json()["state"] == "published"


async def test_changed_spans_need_new_approvals(office: LetterOffice) -> None:
    review = await replied(office, kind="complaint")
    view = await review.accept_all()
    await review.post("/approve")
    await review.post("/spans", reject=[view["spans"][0]["id"]])
    second = await review.post("/approve", sub="reviewer-2")
    assert (second.json()["state"], second.json()["approvals"]) == ("in_review", ["reviewer-2"])


@provokes("open_redaction", "not-agreed")
async def test_what_its_sender_keeps_private_stays_private(office: LetterOffice) -> None:
    review = await replied(office, wants_public=False)
    refused = await review.post()
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-agreed")


@provokes("open_redaction", "accusation-not-published")
async def test_an_accusation_is_published_only_on_a_stated_basis(office: LetterOffice) -> None:
    letter = await office.write(kind="accusation", title="举报违规收费", body="收费没有公示。")
    await letter.act("register", accused=[])
    for action in ("accept", "dispatch", "accept", "submit_reply", "approve"):
        assert (await letter.act(action)).status_code == 200
    review = Review(letter)
    refused = await review.post()
    assert refused.json()["type"] == "/problems/accusation-not-published"
    opened = await review.post(role="supervisor", sub="s-1", basis="社会广泛关注，已核实")
    assert (opened.status_code, opened.json()["approvals_needed"]) == (201, 2)
    await review.post("/approve")
    await review.post("/approve", sub="reviewer-2")
    async with office.isolated.sessions() as session:
        own = await outbox(session, LetterPublished, office.department)
        told = await outbox(session, LetterPublished, "_accusation")
    assert own == []
    assert next(e for e in told if e["letter_id"] == letter.id)["department_code"] is None


@provokes("open_redaction", "not-answered")
async def test_only_an_answered_letter_is_published(office: LetterOffice) -> None:
    review = Review(await office.letter_in(S.HANDLING))
    assert (await review.post()).json()["type"] == "/problems/not-answered"


@provokes("approve_publication", "not-answered", "not-found")
async def test_a_redaction_of_an_older_reply_publishes_nothing_newer(office: LetterOffice) -> None:
    review = await replied(office)
    await review.accept_all()
    for action in ("rate_bad", "grant_reopen"):
        await review.letter.act(action)
    assert (await review.post("/approve")).status_code == 409
    await review.letter.act("submit_reply", text="邓紫薇女士，请致电13912345678。")
    await review.letter.act("approve")
    assert (await review.post("/approve")).status_code == 404
    assert await found(office, department_code=office.department) == []


@provokes("read_published_letter", "not-found")
async def test_a_copy_taken_down_is_gone_at_once(office: LetterOffice) -> None:
    review = await published(office)
    refused = await review.post("/take-down", role="supervisor")
    assert refused.json()["errors"][0]["pointer"] == "/body/reason"
    gone = await review.post("/take-down", role="supervisor", reason=REASON)
    assert gone.status_code == 204
    assert await found(office, department_code=office.department) == []
    path = f"{API}/published-letters/{review.letter.reg_no}"
    assert (await office.client.get(path)).status_code == 404
    async with office.isolated.sessions() as session:
        [event] = await outbox(session, LetterUnpublished, office.department)
    assert (event["letter_id"], event["because"]) == (review.letter.id, "taken_down")
    assert leaks(str(event)) == []


async def test_consent_taken_back_is_published_as_an_event_too(office: LetterOffice) -> None:
    review = await published(office)
    await review.letter.act("consent", wants_public=False)
    async with office.isolated.sessions() as session:
        [event] = await outbox(session, LetterUnpublished, office.department)
    assert event["because"] == "consent_taken_back"


@provokes("open_redaction", "state-conflict")
async def test_what_was_taken_down_comes_back_only_as_a_further_edition(
    office: LetterOffice,
) -> None:
    review = await published(office)
    view = (await review.post()).json()
    assert (view["type"], view["state"]) == ("/problems/state-conflict", "published")
    await review.post("/take-down", role="supervisor", reason=REASON)
    assert (await review.post("/approve")).status_code == 409, "what is down stays down"
    view = await review.opened()
    assert (view["edition"], view["state"], view["version"]) == (2, "in_review", 1)
    assert view["taken_down_reason"] == REASON
    assert view["approvals"] == []
    blocked = await review.post("/approve")
    assert blocked.json()["type"] == "/problems/publication-blocked"
    await review.post("/spans", accept=[span["id"] for span in view["spans"]])
    assert (await review.post("/approve")).json()["state"] == "published"
    [copy] = await found(office, department_code=office.department)
    assert leaks(str(copy)) == []


async def test_what_a_reviewer_once_marked_is_proposed_again(office: LetterOffice) -> None:
    review = await replied(office)
    await review.accept_all()
    marked = {"part": "body", "start": 0, "end": 2, "kind": "other"}
    await review.post("/spans", add=[marked])
    await review.post("/approve")
    await review.post("/take-down", role="supervisor", reason=REASON)
    spans = (await review.opened())["spans"]
    [again] = [s for s in spans if (s["part"], s["start"], s["end"]) == ("body", 0, 2)]
    assert (again["verdict"], again["added_by"]) == (None, "reviewer-1")
    places = [(s["part"], s["start"], s["end"]) for s in spans]
    assert len(places) == len(set(places))


@provokes("approve_publication", "state-conflict")
async def test_a_declined_reply_says_why(office: LetterOffice) -> None:
    review = await replied(office)
    await review.opened()
    declined = await review.post("/decline", reason_code="privacy")
    assert declined.json()["state"] == "declined"
    assert (await review.post("/approve")).status_code == 409


async def test_reading_the_originals_is_logged(office: LetterOffice) -> None:
    review = await replied(office)
    await review.opened()
    async with office.isolated.sessions() as session:
        rows = await session.execute(
            text("SELECT actor, action FROM audit_log WHERE object = :o ORDER BY id"),
            {"o": f"letter:{review.letter.id}"},
        )
        seen = [tuple(row) for row in rows]
    assert ("reviewer-1", "letter.unmasked_read") in seen


def test_the_published_event_has_the_fields_of_every_letter_event() -> None:
    assert issubclass(LetterPublished, casework_events.LetterEvent)
