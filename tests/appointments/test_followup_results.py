"""Follow-ups as staff see them: who may, what they come to, and how questionnaires change."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.appointments.followups import handlers, rules
from services.appointments.followups.contracts import RatingRectified
from services.appointments.followups.models import CallOutcome
from services.appointments.followups.schemas import QuestionnaireContent
from services.appointments.followups.workflow import WORKFLOW
from services.appointments.policies.schemas import FollowupTerms
from shared.database.engine import Sessions
from shared.errors import Invalid
from shared.ids import new_id
from shared.messaging.events import Envelope
from tests.appointments.conftest import Build
from tests.appointments.followup_helpers import BAD, CONTENT, QUESTIONS, FollowedUp, drawn
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes


@pytest.fixture
async def asked(hall: Build, owner: asyncpg.Connection, sessions: Sessions) -> FollowedUp:
    return await drawn(await hall(), owner, sessions)


@provokes("get_followup", "not-found")
@provokes("note_followup_call", "not-found")
async def test_it_exists_for_the_hall_and_the_department(asked: FollowedUp) -> None:
    sign, get = asked.floor.sign, asked.floor.client.get
    url = f"/api/v1/followups/{asked.id}"
    for headers in (sign("officer", "D98"), sign("clerk", "H-OTHER")):
        problem(await get(url, headers=headers), 404, "not-found")
        listed = good(await get("/api/v1/followups", headers=headers))["items"]
        assert asked.id not in [one["id"] for one in listed]
    elsewhere = await asked.call(sign("clerk", "H-OTHER"), "declined")
    problem(elsewhere, 404, "not-found")
    wanted = {"hall": asked.case.hall_code, "state": "invited", "department": "D01"}
    for headers in (sign("officer", "D01"), sign("auditor", "*"), asked.floor.clerk()):
        good(await get(url, headers=headers))
        [one] = good(await get("/api/v1/followups", params=wanted, headers=headers))["items"]
        assert one["id"] == asked.id
    bad = {**wanted, "is_bad": "true"}
    assert not good(await get("/api/v1/followups", params=bad, headers=sign("auditor", "*")))[
        "items"
    ]


async def test_results_count_in_the_assessment(asked: FollowedUp) -> None:
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
async def test_a_questionnaire_is_versioned_and_what_was_asked_stays(asked: FollowedUp) -> None:
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
