"""A bad answer of a follow-up is put right as a bad rating is, and counted apart from these."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.feedback.ratings import service
from services.feedback.ratings.contracts import FollowupAnswered
from services.feedback.ratings.events import RatingReceived, RatingRectified, ReturnVisitRequested
from tests.feedback.isolated_service import IsolatedService, new_code, outbox
from tests.feedback.visit_helpers import BAD, ServedCitizen


def answered(served: ServedCitizen, **others: Any) -> FollowupAnswered:
    facts: dict[str, Any] = {
        "followup_id": uuid4(),
        "case_id": served.case_id,
        "hall_code": served.hall,
        "department_code": served.department,
        "item_code": "11320100",
        "item_name": "不动产登记",
        "outcome": "done",
        "finished_at": served.isolated.clock.now - timedelta(days=3),
        "is_bad": True,
    }
    return FollowupAnswered(**facts | others)


async def ratings_of(isolated: IsolatedService, department: str) -> list[dict[str, Any]]:
    answer = await isolated.get("/ratings", "officer", department)
    return list(answer.raise_for_status().json()["items"])


async def test_a_bad_answer_opens_its_rectification_once(isolated: IsolatedService) -> None:
    served = await ServedCitizen(isolated).invite()
    bad = answered(served)
    assert await isolated.run(service.open_rectification, bad)
    assert not await isolated.run(service.open_rectification, bad)
    [rating] = await ratings_of(isolated, served.department)
    assert rating["followup_id"] == str(bad.followup_id)
    assert (rating["state"], rating["due_on"]) == ("rated_bad", "2026-11-24")
    served.rating_id = rating["id"]
    assert (await served.take("verify", "rectify", "feedback"))["state"] == "feedback_given"
    async with isolated.sessions() as session:
        for event in (RatingReceived, RatingRectified, ReturnVisitRequested):
            [published] = await outbox(session, event, served.department)
            assert published["followup_id"] == str(bad.followup_id)
    assert (await served.take("revisit"))["state"] == "satisfied_closed"


async def test_a_good_answer_asks_nothing_of_the_department(isolated: IsolatedService) -> None:
    served = await ServedCitizen(isolated).invite()
    assert not await isolated.run(service.open_rectification, answered(served, is_bad=False))
    assert await ratings_of(isolated, served.department) == []


async def test_the_rating_of_the_visit_stays_the_persons_own(isolated: IsolatedService) -> None:
    """Asked again later they may still rate, and one that is bad is put right for itself."""
    served = await ServedCitizen(isolated).invite()
    await isolated.run(service.open_rectification, answered(served))
    assert (await served.invitation())["state"] == "open"
    assert (await served.rate(BAD)).status_code == 201
    both = await ratings_of(isolated, served.department)
    assert [one["followup_id"] is None for one in both] == [True, False]


async def test_an_answer_may_come_before_its_case(isolated: IsolatedService) -> None:
    served = ServedCitizen(isolated)
    assert await isolated.run(service.open_rectification, answered(served))
    await served.invite()
    assert len(await ratings_of(isolated, served.department)) == 1
    assert (await served.rate(BAD)).status_code == 201


@pytest.mark.parametrize("rates", [False, True])
async def test_follow_ups_do_not_change_the_figures_of_ratings(
    isolated: IsolatedService, rates: bool
) -> None:
    """Who is drawn says nothing of how many of those who were asked rate."""
    served = await ServedCitizen(isolated, new_code()).invite()
    await isolated.run(service.open_rectification, answered(served))
    if rates:
        await served.rate(BAD)
    asked = {"group_by": "department", "department": served.department}
    found = await isolated.get("/ratings/statistics", "officer", served.department, **asked)
    [row] = found.raise_for_status().json()["items"]
    assert (row["invited"], row["rated"], row["bad"]) == (1, int(rates), int(rates))
