"""Giving, amending and not giving a rating; the windows are the database's, not the caller's."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.feedback.ratings import service
from services.feedback.ratings.contracts import CaseFinished
from tests.feedback.isolated_service import IsolatedService
from tests.feedback.visit_helpers import BAD, GOOD, ServedCitizen, rated_badly
from tests.provoking import provokes


async def test_tags_are_public_and_belong_to_grades(isolated: IsolatedService) -> None:
    shown = (await isolated.client.get("/api/v1/rating-tags")).json()
    tags = shown["items"]
    assert (len(tags), shown["next_cursor"]) == (40, None)
    assert tags[0] == {
        "code": "510",
        "grade": "very_satisfied",
        "text": "一窗受理一次办结",
        "is_core": True,
    }


async def test_a_service_is_rated_once(isolated: IsolatedService) -> None:
    served = await ServedCitizen(isolated).invite()
    assert (await served.rate(GOOD)).json()["state"] == "rated_good"
    again = await served.rate(BAD)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-rated")
    invitation = await served.invitation()
    assert (invitation["state"], invitation["rating"]["state"]) == ("rated", "rated_good")


@provokes("give_rating", "invitation-expired")
async def test_an_expired_invitation_cannot_be_used(isolated: IsolatedService) -> None:
    served = await ServedCitizen(isolated).invite()
    isolated.clock.advance(days=15, hours=13, minutes=59)
    assert await isolated.run(service.expire) >= 0
    assert (await served.invitation())["state"] == "open"
    isolated.clock.advance(minutes=1)
    late = await served.rate(GOOD)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/invitation-expired")
    await isolated.run(service.expire)
    assert (await served.invitation())["state"] == "expired"
    assert (await served.invitation())["rating"] is None


@provokes("amend_rating", "no-longer-amendable")
async def test_a_rating_is_amended_once(isolated: IsolatedService) -> None:
    served = await rated_badly(isolated)
    amended = await served.amend(GOOD)
    assert (amended.status_code, amended.json()["state"]) == (200, "rated_good")
    assert (await served.detail())["due_on"] is None
    again = await served.amend(BAD)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/no-longer-amendable")


@pytest.mark.parametrize(
    ("hours", "status"), [(0, 200), (23.99, 200), (24, 409), (25, 409), (1000, 409)]
)
async def test_the_amendment_window_is_24_hours_from_the_rating(
    isolated: IsolatedService, hours: float, status: int
) -> None:
    served = await rated_badly(isolated)
    isolated.clock.advance(hours=hours)
    assert (await served.amend(GOOD)).status_code == status


async def test_a_good_rating_made_bad_asks_the_department_to_get_in_touch(
    isolated: IsolatedService,
) -> None:
    served = await ServedCitizen(isolated).invite()
    await served.rate(GOOD)
    assert (await served.amend(BAD)).json()["state"] == "rated_bad"
    detail = await served.detail()
    assert (detail["due_on"], detail["text"]) == ("2026-11-24", "等了两个小时")


@pytest.mark.parametrize(("actions", "status"), [(("verify",), 200), (("verify", "rectify"), 409)])
async def test_a_rating_that_is_being_put_right_is_no_longer_amended(
    isolated: IsolatedService, actions: tuple[str, ...], status: int
) -> None:
    served = await rated_badly(isolated)
    await served.take(*actions)
    assert (await served.amend(GOOD)).status_code == status


@provokes("amend_rating", "not-found")
async def test_nothing_is_amended_before_it_is_given(isolated: IsolatedService) -> None:
    served = await ServedCitizen(isolated).invite()
    assert (await served.amend(GOOD)).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"grade": None}, "/body/grade"),
        ({"grade": 5}, "/body/grade"),
        ({"grade": "five_stars"}, "/body/grade"),
        ({"grade": "满意"}, "/body/grade"),
        ({"tags": ["214"]}, "/body/tags/0"),
        ({"tags": ["411", "510"]}, "/body/tags/1"),
        ({"tags": ["411", "411"]}, "/body/tags/1"),
        ({"tags": ["41"]}, "/body/tags/0"),
        ({"tags": [411]}, "/body/tags/0"),
        ({"tags": "411"}, "/body/tags"),
        ({"tags": ["411"] * 9}, "/body/tags"),
        ({"text": "好" * 1001}, "/body/text"),
        ({"text": 1}, "/body/text"),
        ({"token": ""}, "/body/token"),
        ({"token": "x" * 129}, "/body/token"),
        ({"token": None}, "/body/token"),
        ({"rated_at": "2020-01-01T00:00:00Z"}, "/body/rated_at"),
        ({"state": "rated_good"}, "/body/state"),
        ({"case_id": str(uuid4())}, "/body/case_id"),
    ],
)
async def test_a_bad_rating_form_is_refused_by_field_and_nothing_is_written(
    isolated: IsolatedService, change: dict[str, Any], pointer: str
) -> None:
    served = await ServedCitizen(isolated).invite()
    body = {"token": (await served.invitation())["token"], **GOOD, **change}
    answer = await isolated.post("/ratings", body=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await served.invitation())["state"] == "open"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"token": "\\u0000"}']
)
async def test_an_unreadable_body_is_a_client_error(isolated: IsolatedService, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await isolated.client.post("/api/v1/ratings", content=raw, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@provokes("give_rating", "not-found")
async def test_a_made_up_token_is_not_found(isolated: IsolatedService) -> None:
    answer = await isolated.post("/ratings", body={"token": uuid4().hex * 2, **GOOD})
    assert answer.status_code == 404


@pytest.mark.parametrize("order", [(4, 6), (6, 4), (4, 6, 4, 6)])
async def test_the_newest_finish_of_a_case_is_the_one_that_is_kept(
    isolated: IsolatedService, order: tuple[int, ...]
) -> None:
    """A finish undone and taken again: one invitation, and the outcome that holds in the end."""
    served = ServedCitizen(isolated)
    outcomes = {4: "rejected", 6: "done"}
    for version in order:
        finished = CaseFinished(
            case_id=served.case_id,
            hall_code=served.hall,
            department_code=served.department,
            item_code="11320100",
            item_name="不动产登记",
            outcome=outcomes[version],
            finished_at=isolated.clock.now,
            version=version,
        )
        await isolated.run(service.invite, finished)
    kept = text(
        "SELECT e.outcome, e.version FROM service_event e"
        " JOIN rating_invitation i ON i.service_event_id = e.id WHERE e.case_id = :case_id"
    )
    async with isolated.sessions() as session:
        rows = (await session.execute(kept, {"case_id": served.case_id})).all()
    assert [tuple(row) for row in rows] == [("done", 6)]
