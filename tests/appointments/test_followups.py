"""回诊: finished cases are drawn, the person answers once, and nobody calls whom they served."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from services.appointments.followups import handlers, rules, service
from services.appointments.followups.contracts import RatingRectified
from services.appointments.followups.models import FollowupState
from services.appointments.followups.schemas import QuestionnaireContent
from services.appointments.followups.workflow import WORKFLOW, CallOutcome, FollowupAction
from services.appointments.policies.schemas import FollowupTerms
from services.appointments.queueing.events import CaseFinished
from shared.database.engine import Sessions
from shared.errors import Invalid
from shared.ids import new_id
from shared.messaging.events import Envelope
from shared.security.crypto import rating_key
from tests.appointments.conftest import Build
from tests.appointments.offices import KEYRING
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes

QUESTIONS: dict[str, Any] = {
    "title": "办事回访",
    "title_en": "After your visit",
    "questions": [
        {"code": "KIND", "kind": "scale", "text": "态度如何？", "text_en": "How kind?",
         "bad_up_to": 2},
        {"code": "AGAIN", "kind": "yes_no", "text": "是否跑了第二趟？", "text_en": "Twice?",
         "bad_answer": True, "required": False},
        {"code": "WHY", "kind": "choice", "text": "哪里可以更好？", "text_en": "What?",
         "required": False,
         "options": [{"code": "wait", "text": "等候", "text_en": "The wait"},
                     {"code": "money", "text": "收了不该收的钱", "text_en": "Money",
                      "is_bad": True}]},
    ],
}  # fmt: skip
CONTENT = QuestionnaireContent.model_validate(QUESTIONS)
GOOD = {"KIND": 5}
BAD = {"KIND": 2, "AGAIN": True}
CALLS: dict[FollowupAction, dict[str, Any]] = {
    row.action: {"outcome": row.outcome, "answers": GOOD if row.channel else None}
    for row in WORKFLOW.rows
    if isinstance(row.action, FollowupAction) and row.outcome
}


@dataclass
class Asked:
    """A hall whose finished cases are drawn, and one of these."""

    floor: Floor
    sessions: Sessions
    owner: asyncpg.Connection
    case: CaseFinished
    id: str = ""

    @property
    def key(self) -> str:
        return rating_key(KEYRING, self.case.case_id)

    async def draw(self, **others: Any) -> bool:
        async with self.sessions() as session, session.begin():
            again = self.case.model_copy(update=others)
            return await service.draw(session, again, self.floor.clock())

    async def ask(self, key: str | None = None) -> httpx.Response:
        body = {"case_id": str(self.case.case_id), "key": key or self.key}
        return await self.floor.client.post("/api/v1/followups/invitations", json=body)

    async def answer(
        self, answers: dict[str, Any] = GOOD, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        url = f"/api/v1/followups/{self.id}/answers"
        body = {"key": self.key, "answers": answers, **more}
        return await self.floor.client.post(url, json=body, headers=headers)

    async def call(self, headers: dict[str, str], outcome: str, **more: Any) -> httpx.Response:
        url = f"/api/v1/followups/{self.id}/calls"
        return await self.floor.client.post(url, json={"outcome": outcome, **more}, headers=headers)

    def caller(self, role: str = "reviewer") -> dict[str, str]:
        return self.floor.sign(role, self.case.hall_code, self.case.department_code, sub="another")

    async def see(self) -> dict[str, Any]:
        url = f"/api/v1/followups/{self.id}"
        return good(await self.floor.client.get(url, headers=self.floor.manager()))

    async def events(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.owner.fetch(
            "SELECT body FROM outbox WHERE subject = $1 ORDER BY position",
            f"appointments.followup.{kind}.v1.{self.case.hall_code}",
        )
        return [json.loads(row["body"])["data"] for row in rows]


async def lay_down(floor: Floor, **terms: Any) -> None:
    """A questionnaire of the test's own, asked about all finished cases."""
    code = f"Q-{uuid4().hex[:8]}"
    url, admin = f"/api/v1/questionnaires/{code}", floor.sign("admin", "*")
    put = await floor.client.put(url, json={"version": 0, **QUESTIONS}, headers=admin)
    assert good(put)["version"] == 1
    followups = {"questionnaire_code": code, "rules": [{"percent": 100}], **terms}
    url = f"/api/v1/policies/{floor.code}"
    policy = {"version": 0, "followups": followups}
    good(await floor.client.put(url, json=policy, headers=floor.manager()))


async def served(floor: Floor, owner: asyncpg.Connection, outcome: str = "done") -> CaseFinished:
    """A case that clerk-1 has finished, as it was published."""
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    missing = {"missing": ["身份证"]} if outcome == "needs_more" else {}
    await floor.done(ticket, "finish", outcome=outcome, **missing)
    subject = f"appointments.case.finished.v1.{floor.code}"
    body = await owner.fetchval(
        "SELECT body FROM outbox WHERE subject = $1 ORDER BY position DESC LIMIT 1", subject
    )
    return CaseFinished.model_validate(json.loads(body)["data"])


@pytest.fixture
async def asked(hall: Build, owner: asyncpg.Connection, sessions: Sessions) -> Asked:
    """A drawn case that waits for its answer."""
    floor = await hall()
    await floor.open()
    await lay_down(floor)
    made = Asked(floor, sessions, owner, await served(floor, owner))
    assert await made.draw()
    made.id = str(good(await made.ask())["id"])
    return made


async def test_who_was_served_answers_with_the_key_of_the_ticket(asked: Asked) -> None:
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
async def test_a_questionnaire_is_answered_once(asked: Asked) -> None:
    good(await asked.answer())
    refused = problem(await asked.answer(BAD), 409, "state-conflict")
    assert refused["state"] == "answered"
    assert (await asked.see())["is_bad"] is False
    problem(await asked.call(asked.caller(), "answered", answers=BAD), 409, "state-conflict")


async def test_of_two_answers_at_once_one_counts(asked: Asked) -> None:
    both = await asyncio.gather(*(asked.answer(GOOD if n % 2 else BAD) for n in range(4)))
    assert sorted(one.status_code for one in both) == [200, 409, 409, 409]
    assert len(await asked.events("answered")) == 1


@provokes("ask_for_followup", "not-found")
@provokes("answer_followup", "not-found")
async def test_a_wrong_key_opens_nothing(asked: Asked) -> None:
    problem(await asked.ask("0" * 32), 404, "not-found")
    problem(await asked.answer(key="0" * 32), 404, "not-found")


async def test_staff_do_not_answer_for_others(asked: Asked) -> None:
    problem(await asked.answer(headers=asked.floor.clerk()), 403, "forbidden")


@pytest.mark.parametrize(
    ("answers", "pointer"),
    [({}, "KIND"), ({"KIND": True}, "KIND"), ({"KIND": 3, "NO": 1}, "NO"),
     ({"KIND": 3, "WHY": "nothing"}, "WHY"), ({"KIND": 3, "AGAIN": 1}, "AGAIN")],
)  # fmt: skip
async def test_answers_fit_the_questions(
    asked: Asked, answers: dict[str, Any], pointer: str
) -> None:
    refused = problem(await asked.answer(answers), 422, "invalid-request")
    assert refused["errors"][0]["pointer"] == f"/body/answers/{pointer}"


@provokes("note_followup_call", "four-eyes")
async def test_whoever_served_does_not_call(asked: Asked) -> None:
    """clerk-1 had the person at the window; a colleague takes the answers."""
    refused = await asked.call(asked.floor.clerk(), "answered", answers=GOOD)
    problem(refused, 409, "four-eyes")
    done = good(await asked.call(asked.floor.clerk("clerk-2"), "answered", answers=GOOD))
    assert (done["state"], done["channel"], done["answered_by"]) == ("answered", "call", "clerk-2")
    assert done["served_by"] == ["clerk-1"]


@provokes("note_followup_call", "called-today", "state-conflict")
async def test_three_calls_on_different_days_end_it(asked: Asked) -> None:
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
async def test_every_state_action_and_role(asked: Asked, state: FollowupState) -> None:
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


async def test_who_declines_is_not_asked_again(asked: Asked) -> None:
    declined = good(await asked.call(asked.caller(), "declined"))
    assert (declined["state"], declined["is_bad"]) == ("declined", None)
    assert len(await asked.events("declined")) == 1


async def test_a_call_has_answers_only_where_there_were_some(asked: Asked) -> None:
    for body in ({"outcome": "answered"}, {"outcome": "declined", "answers": GOOD}):
        answer = await asked.call(asked.caller(), **body)
        problem(answer, 422, "invalid-request")


async def test_silence_expires_and_is_neither_good_nor_bad(asked: Asked) -> None:
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


async def test_a_case_that_ends_anew_is_asked_about_once(asked: Asked) -> None:
    version = asked.case.version + 2
    assert not await asked.draw(version=version, outcome="rejected")
    assert (await asked.see())["outcome"] == "rejected"
    assert not await asked.draw(version=version - 1, outcome="needs_more")
    good(await asked.answer())
    assert not await asked.draw(version=version + 1, outcome="needs_more")
    assert (await asked.see())["outcome"] == "rejected"
    assert len(await asked.events("invited")) == 1


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
    made = Asked(floor, sessions, owner, case)
    assert not await made.draw(), "nothing is drawn without a rule"
    elsewhere = floor.sign("hall_manager", "H-OTHER")
    problem(await post(url, json=body, headers=elsewhere), 404, "not-found")
    invited = good(await post(url, json=body, headers=floor.manager()), 201)
    assert (invited["state"], invited["served_by"]) == ("invited", ["clerk-1"])
    problem(await post(url, json=body, headers=floor.manager()), 409, "already-followed")


@provokes("get_followup", "not-found")
async def test_it_exists_for_the_hall_and_the_department(asked: Asked) -> None:
    sign, get = asked.floor.sign, asked.floor.client.get
    url = f"/api/v1/followups/{asked.id}"
    for headers in (sign("officer", "D98"), sign("clerk", "H-OTHER")):
        problem(await get(url, headers=headers), 404, "not-found")
        listed = good(await get("/api/v1/followups", headers=headers))["items"]
        assert asked.id not in [one["id"] for one in listed]
    wanted = {"hall": asked.case.hall_code, "state": "invited", "department": "D01"}
    for headers in (sign("officer", "D01"), sign("auditor", "*"), asked.floor.clerk()):
        good(await get(url, headers=headers))
        [one] = good(await get("/api/v1/followups", params=wanted, headers=headers))["items"]
        assert one["id"] == asked.id
    bad = {**wanted, "is_bad": "true"}
    assert not good(await get("/api/v1/followups", params=bad, headers=sign("auditor", "*")))[
        "items"
    ]


async def test_results_count_in_the_assessment(asked: Asked) -> None:
    """Per hall, item and clerk; of a clerk with few answers nothing is shown."""
    good(await asked.answer(BAD))
    rectified = RatingRectified(followup_id=UUID(asked.id), at=datetime.now(UTC))
    envelope: Envelope[RatingRectified] = Envelope(
        source="/feedback", type=RatingRectified.type, data=rectified
    )
    async with asked.sessions() as session, session.begin():
        await handlers.note_rectified(session, envelope)
    assert (await asked.see())["rectified_at"]
    url, hall = "/api/v1/followups/results", {"hall": asked.case.hall_code}
    get, manager = asked.floor.client.get, asked.floor.manager()
    figures = {}
    for by in ("hall", "item", "department", "clerk", "month"):
        found = good(await get(url, params={**hall, "by": by}, headers=manager))
        [figures[by]] = found["items"]
        assert (found["total"]["bad"], found["total"]["rectified"]) == (1, 1)
    assert (figures["item"]["key"], figures["item"]["bad_rate"]) == (asked.case.item_code, 1.0)
    assert (figures["clerk"]["account"], figures["clerk"]["bad_rate"]) == ("clerk-1", None)
    assert figures["month"]["key"] == f"{asked.case.finished_at:%Y-%m}"
    problem(await get(url, params={"hall": "H-OTHER"}, headers=manager), 404, "not-found")
    wrong = {**hall, "from": "2026-02-01", "to": "2026-01-01"}
    problem(await get(url, params=wrong, headers=manager), 422, "invalid-request")


@provokes("put_questionnaire", "state-conflict")
async def test_a_questionnaire_is_versioned_and_what_was_asked_stays(asked: Asked) -> None:
    code = (await asked.see())["questionnaire_code"]
    url, admin = f"/api/v1/questionnaires/{code}", asked.floor.sign("admin", "*")
    put, changed = asked.floor.client.put, {**QUESTIONS, "title": "新的问卷"}
    refused = await put(url, json={"version": 0, **changed}, headers=admin)
    assert problem(refused, 409, "state-conflict")["version"] == 1
    assert good(await put(url, json={"version": 1, **changed}, headers=admin))["version"] == 2
    assert good(await asked.floor.client.get(url))["content"]["title"] == "新的问卷"
    assert good(await asked.ask())["questionnaire"]["title"] == "办事回访"
    missing = await asked.floor.client.get("/api/v1/questionnaires/NO-SUCH")
    problem(missing, 404, "not-found")


@pytest.mark.parametrize(
    "question",
    [
        {**QUESTIONS["questions"][0], "bad_answer": True},
        {**QUESTIONS["questions"][1], "bad_up_to": 2},
        {**QUESTIONS["questions"][2], "options": QUESTIONS["questions"][2]["options"][:1]},
    ],
)
def test_a_question_fits_its_kind(question: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        QuestionnaireContent.model_validate({**QUESTIONS, "questions": [question]})


@pytest.mark.parametrize(
    ("answers", "score", "is_bad"),
    [({"KIND": 3}, 3.0, False), ({"KIND": 2}, 2.0, True), ({"KIND": 5, "AGAIN": True}, 5.0, True),
     ({"KIND": 4, "AGAIN": False, "WHY": "wait"}, 4.0, False),
     ({"KIND": 5, "WHY": "money"}, 5.0, True)],
)  # fmt: skip
def test_what_is_bad_is_said_by_the_questionnaire(
    answers: dict[str, Any], score: float, is_bad: bool
) -> None:
    assert rules.judge(CONTENT, answers) == (score, is_bad)


def test_an_answer_that_is_missing_is_named() -> None:
    with pytest.raises(Invalid):
        rules.judge(CONTENT, {"AGAIN": False})


def test_the_first_rule_that_fits_decides() -> None:
    terms = FollowupTerms.model_validate(
        {
            "questionnaire_code": "Q",
            "rules": [
                {"item_codes": ["A"], "outcomes": ["rejected"], "percent": 100},
                {"item_codes": ["A"], "percent": 0},
                {"outcomes": ["needs_more"], "percent": 50},
                {"percent": 5},
            ],
        }
    )
    asked = {("A", "rejected"): 100, ("A", "done"): 0, ("B", "needs_more"): 50, ("B", "done"): 5}
    assert {of: rules.percent(terms, *of) for of in asked} == asked
    assert rules.percent(FollowupTerms(), "A", "done") == 0


@pytest.mark.parametrize("of_hundred", [0, 1, 20, 100])
def test_as_many_are_drawn_as_the_policy_says(of_hundred: int) -> None:
    seed, cases = UUID(int=7), [UUID(int=n) for n in range(20_000)]
    drawn = sum(rules.is_drawn(case, seed, of_hundred) for case in cases)
    assert abs(drawn / len(cases) - of_hundred / 100) < 0.01


def test_who_is_drawn_is_the_same_each_time_and_another_under_another_policy() -> None:
    cases = [new_id() for _ in range(200)]
    one, other = new_id(), new_id()
    first = [rules.is_drawn(case, one, 50) for case in cases]
    assert first == [rules.is_drawn(case, one, 50) for case in cases]
    assert first != [rules.is_drawn(case, other, 50) for case in cases]


def test_every_outcome_of_a_call_is_an_action() -> None:
    assert {row.outcome for row in WORKFLOW.rows if row.outcome} == set(CallOutcome)
