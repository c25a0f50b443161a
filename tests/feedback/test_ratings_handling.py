"""A bad rating is put right: every state, action and role, the limits, and the return visit."""

from typing import Any

import pytest
from sqlalchemy import text

from services.feedback.ratings.events import (
    RatingExcluded,
    RatingReceived,
    RatingRectified,
    ReturnVisitRequested,
)
from services.feedback.ratings.models import RatingAction, RatingState
from tests.feedback.isolated_service import IsolatedService, new_code, outbox
from tests.feedback.visit_helpers import BODIES, ServedCitizen, rated_badly
from tests.provoking import provokes

ALLOWED = {
    ("rated_bad", "verify"): ("officer", "verifying"),
    ("verifying", "rectify"): ("officer", "rectifying"),
    ("verifying", "explain"): ("officer", "explained"),
    ("verifying", "appeal"): ("officer", "appealed"),
    ("appealed", "confirm"): ("reviewer", "confirmed"),
    ("appealed", "exclude"): ("reviewer", "excluded"),
    ("confirmed", "rectify"): ("officer", "rectifying"),
    ("rectifying", "feedback"): ("officer", "feedback_given"),
    ("explained", "feedback"): ("officer", "feedback_given"),
    ("feedback_given", "revisit"): ("reviewer", "satisfied_closed"),
}
ROLES = ("citizen", "clerk", "hall_manager", "officer", "reviewer", "auditor", "supervisor")
REVIEWS = {"confirm", "exclude", "revisit"}


def stands_in(role: str, action: str) -> str | None:
    """Whose part the role may play in this action: a supervisor may review."""
    if action in REVIEWS:
        return "reviewer" if role in ("reviewer", "supervisor") else None
    return role if role == "officer" else None


async def put_back(isolated: IsolatedService, rating_id: str, state: str) -> None:
    """The rating in this state, as if nothing had been done about it yet."""
    grade = "satisfied" if state == "rated_good" else "dissatisfied"
    async with isolated.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE rating SET state = :state, grade = :grade, round = 0 WHERE id = :id"),
            {"state": state, "grade": grade, "id": rating_id},
        )
        await session.execute(
            text("UPDATE deadline SET state = 'cancelled', paused_on = NULL WHERE subject_id = :id"
                 " AND state <> 'met'"),
            {"id": rating_id},
        )  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", list(RatingState))
async def test_every_state_action_and_role(
    isolated: IsolatedService, state: RatingState, role: str
) -> None:
    served = await rated_badly(isolated)
    for action in RatingAction:
        await put_back(isolated, served.rating_id, state)
        path = f"/ratings/{served.rating_id}/{action}"
        place = "*" if role in ("reviewer", "supervisor") else served.department
        answer = await isolated.post(path, role, place, body=BODIES[action])
        wanted, to = ALLOWED.get((state, action), (None, None))
        if stands_in(role, action) is None:
            assert answer.status_code == 403, (action, answer.text)
        elif wanted == stands_in(role, action):
            assert (answer.status_code, answer.json().get("state")) == (200, to), (action, answer)
        else:
            assert (answer.status_code, answer.json()["state"]) == (409, state), action


async def test_the_department_gets_in_touch_puts_it_right_and_someone_else_asks(
    isolated: IsolatedService,
) -> None:
    served = await rated_badly(isolated)
    assert (await served.detail())["due_on"] == "2026-11-24"
    assert (await served.take("verify"))["due_on"] == "2026-11-30"
    told = await served.take("rectify", "feedback")
    assert (told["state"], told["due_on"]) == ("feedback_given", "2026-11-30")
    closed = await served.take("revisit")
    assert (closed["state"], closed["due_on"]) == ("satisfied_closed", None)
    steps = (await served.detail())["steps"]
    assert [s["action"] for s in steps] == ["verify", "rectify", "feedback", "revisit"]
    async with isolated.sessions() as session:
        [rectified] = await outbox(session, RatingRectified, served.department)
        [visit] = await outbox(session, ReturnVisitRequested, served.department)
    assert rectified["rating_id"] == visit["rating_id"] == served.rating_id
    assert visit["due_on"] == "2026-11-30"


async def test_a_complex_matter_with_a_plan_has_fifteen_working_days(
    isolated: IsolatedService,
) -> None:
    served = await rated_badly(isolated)
    await served.take("verify")
    body = {"text": "涉及三个部门，需会商", "is_complex": True, "plan": "十二月中旬前分三步完成"}
    answer = await served.act("rectify", body=body)
    assert answer.json()["due_on"] == "2026-12-14"
    [_, step] = (await served.detail())["steps"]
    assert step["plan"] == "十二月中旬前分三步完成"


@pytest.mark.parametrize(
    "more",
    [{"is_complex": True}, {"plan": "没有勾选复杂却有计划"}, {"is_complex": True, "plan": "短"}],
)
async def test_only_a_complex_matter_has_a_plan(
    isolated: IsolatedService, more: dict[str, Any]
) -> None:
    served = await rated_badly(isolated)
    await served.take("verify")
    answer = await served.act("rectify", body={"text": "需要更多时间", **more})
    assert answer.status_code == 422
    assert (await served.detail())["state"] == "verifying"


async def test_an_appeal_stops_the_limit_and_a_confirmed_rating_goes_on(
    isolated: IsolatedService,
) -> None:
    served = await rated_badly(isolated)
    await served.take("verify")
    isolated.clock.advance(days=1)
    appealed = await served.take("appeal")
    assert appealed["due_on"] == "2026-12-01"  # of the review: five working days
    isolated.clock.advance(days=2)
    confirmed = await served.take("confirm")
    assert confirmed["due_on"] == "2026-12-02"  # the 30th and two paused working days
    assert (await served.take("rectify", "feedback", "revisit"))["state"] == "satisfied_closed"


@provokes("revisit_rating", "state-conflict")
async def test_an_excluded_rating_asks_nothing_of_anybody(isolated: IsolatedService) -> None:
    served = await rated_badly(isolated)
    excluded = await served.take("verify", "appeal", "exclude")
    assert (excluded["state"], excluded["due_on"]) == ("excluded", None)
    async with isolated.sessions() as session:
        [told] = await outbox(session, RatingExcluded, excluded["department_code"])
        [given] = await outbox(session, RatingReceived, excluded["department_code"])
    assert (told["rating_id"], told["case_id"]) == (served.rating_id, given["case_id"])
    refused = await served.act("revisit")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/state-conflict")


@provokes("revisit_rating", "same-person")
@pytest.mark.parametrize("action", ["verify", "rectify", "feedback"])
async def test_whoever_had_a_part_in_it_may_not_make_the_return_visit(
    isolated: IsolatedService, action: str
) -> None:
    served = await rated_badly(isolated)
    for step in ("verify", "rectify", "feedback"):
        await served.act(step, sub="double" if step == action else "officer")
    refused = await served.act("revisit", sub="double")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/same-person")
    assert (await served.act("revisit", sub="another")).status_code == 200


@provokes("revisit_rating", "revisited-today")
async def test_three_tries_on_different_days(isolated: IsolatedService) -> None:
    served = await rated_badly(isolated)
    await served.take("verify", "rectify", "feedback")
    nobody = {"outcome": "unreachable"}
    assert (await served.act("revisit", body=nobody)).json()["state"] == "feedback_given"
    again = await served.act("revisit", body=nobody)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/revisited-today")
    for state in ("feedback_given", "unreachable_closed"):
        isolated.clock.advance(days=1)
        assert (await served.act("revisit", body=nobody)).json()["state"] == state


async def test_unsatisfied_is_rectified_once_more_then_ordered(isolated: IsolatedService) -> None:
    served = await rated_badly(isolated)
    await served.take("verify", "rectify", "feedback")
    unsatisfied = {"outcome": "unsatisfied", "text": "问题还在"}
    once_more = (await served.act("revisit", body=unsatisfied)).json()
    assert (once_more["state"], once_more["round"]) == ("rectifying", 1)
    assert once_more["due_on"] == "2026-11-30"
    await served.take("feedback")
    handed = (await served.act("revisit", body=unsatisfied)).json()
    assert handed["state"] == "under_supervision"
    order = await isolated.get(
        f"/supervision-orders/{handed['supervision_order_id']}", "officer", served.department
    )
    assert (order.json()["level"], order.json()["cause"]) == (2, "rating")
    assert order.json()["items"][0]["cause_id"] == served.rating_id


@provokes("appeal_rating", "not-found")
@provokes("get_rating", "not-found")
@provokes("rectify_rating", "not-found")
@provokes("verify_rating", "not-found")
async def test_another_department_sees_nothing_of_it(isolated: IsolatedService) -> None:
    served, other = await rated_badly(isolated), new_code()
    for path in (f"/ratings/{served.rating_id}",):
        assert (await isolated.get(path, "officer", other)).status_code == 404
    for action in ("verify", "rectify", "appeal"):
        answer = await isolated.post(
            f"/ratings/{served.rating_id}/{action}", "officer", other, body=BODIES[action]
        )
        assert answer.status_code == 404
    assert (await isolated.get("/ratings", "officer", other)).json()["items"] == []


async def test_a_hall_manager_reads_the_own_hall_and_changes_nothing(
    isolated: IsolatedService,
) -> None:
    hall = new_code("H")
    served = await ServedCitizen(isolated, hall=hall).invite()
    await served.rate({"grade": "very_dissatisfied"})
    path = f"/ratings/{served.rating_id}"
    assert (await isolated.get(path, "hall_manager", hall)).status_code == 200
    assert (await isolated.get(path, "hall_manager", new_code("H"))).status_code == 404
    answer = await isolated.post(f"{path}/verify", "hall_manager", hall, body=BODIES["verify"])
    assert answer.status_code == 403


@provokes("rectify_rating", "state-conflict")
async def test_a_lost_race_names_the_present_state(isolated: IsolatedService) -> None:
    served = await rated_badly(isolated)
    version = (await served.detail())["version"]
    assert (await served.act("verify", version=version)).status_code == 200
    lost = await served.act("rectify", version=version)
    assert (lost.status_code, lost.json()["state"]) == (409, "verifying")
    assert lost.json()["version"] == version + 1


async def test_reading_what_the_citizen_wrote_is_logged_and_it_is_sealed(
    isolated: IsolatedService,
) -> None:
    served = await rated_badly(isolated)
    assert (await served.detail())["text"] == "等了两个小时"
    async with isolated.sessions() as session:
        sealed = await session.execute(
            text("SELECT text_sealed FROM rating WHERE id = :id"), {"id": served.rating_id}
        )
        logged = await session.execute(
            text("SELECT actor, action FROM audit_log WHERE object = :object"),
            {"object": f"rating:{served.rating_id}"},
        )
    assert sealed.scalar_one().startswith("v1|")
    assert [tuple(row) for row in logged.all()] == [("officer-test", "rating.text_read")]


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("verify", {}, "/body/text"),
        ("verify", {"text": "短"}, "/body/text"),
        ("verify", {"text": "已联系群众", "state": "satisfied_closed"}, "/body/state"),
        ("appeal", {"text": "群众点错了"}, "/body/reason"),
        ("appeal", {"text": "群众点错了", "reason": "dislike"}, "/body/reason"),
        ("rectify", {"text": "马上整改", "is_complex": "maybe"}, "/body/is_complex"),
        ("feedback", {"text": "好" * 2001}, "/body/text"),
        ("revisit", {}, "/body/outcome"),
        ("revisit", {"outcome": "happy"}, "/body/outcome"),
    ],
)
async def test_a_bad_step_is_refused_by_field(
    isolated: IsolatedService, action: str, body: dict[str, Any], pointer: str
) -> None:
    served = await rated_badly(isolated)
    who = ("reviewer", "*") if action == "revisit" else ("officer", served.department)
    path = f"/ratings/{served.rating_id}/{action}"
    answer = await isolated.post(path, *who, body=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await served.detail())["state"] == "rated_bad"
