"""Only whom a window served rates: an id opens nothing, and staff's hands are off."""

from typing import Any
from uuid import uuid4

import pytest

from services.feedback.ratings.rules import STAFF
from tests.feedback.isolated_service import IsolatedService
from tests.feedback.visit_helpers import BAD, GOOD, ServedCitizen, key_of
from tests.provoking import provokes

ASK = "/ratings/invitations"
STRANGER = key_of(uuid4())["rating_key"]


async def test_the_key_opens_the_invitation_as_often_as_wanted(isolated: IsolatedService) -> None:
    served = await ServedCitizen(isolated).invite()
    assert await served.invitation() == await served.invitation()


@pytest.mark.parametrize(
    "key", [STRANGER, STRANGER.upper(), "0", "键" * 32], ids=["strange", "upper", "short", "zh"]
)
async def test_a_wrong_key_and_an_unknown_case_are_answered_alike(
    isolated: IsolatedService, key: str
) -> None:
    served = await ServedCitizen(isolated).invite()
    wrong = await isolated.post(ASK, body={"case_id": str(served.case_id), "rating_key": key})
    unknown = await isolated.post(ASK, body=key_of(uuid4()))
    assert wrong.status_code == unknown.status_code == 404
    assert _but_for_the_request(wrong.json()) == _but_for_the_request(unknown.json())


def _but_for_the_request(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: said for name, said in problem.items() if name != "request_id"}


async def test_the_id_alone_opens_nothing(isolated: IsolatedService) -> None:
    served = await ServedCitizen(isolated).invite()
    assert (await isolated.client.get(f"/api/v1{ASK}/{served.case_id}")).status_code in (404, 405)
    assert (await isolated.post(ASK, body={"case_id": str(served.case_id)})).status_code == 422


@provokes("amend_rating", "not-for-staff")
@provokes("ask_to_rate", "not-for-staff")
@provokes("give_rating", "not-for-staff")
@pytest.mark.parametrize("role", sorted(STAFF))
async def test_staff_neither_ask_nor_rate_nor_amend(isolated: IsolatedService, role: str) -> None:
    served = await ServedCitizen(isolated).invite()
    token = (await served.invitation())["token"]
    await served.rate(BAD)
    for path, body in (
        (ASK, key_of(served.case_id)),
        ("/ratings", {"token": token, **GOOD}),
        ("/ratings/amendments", {"token": token, **GOOD}),
    ):
        answer = await isolated.post(path, role, "*", body=body)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-for-staff")
    assert (await served.detail())["grade"] == BAD["grade"]


@pytest.mark.parametrize("role", ["citizen", "device", "system"])
async def test_who_passes_on_what_citizens_say_may(isolated: IsolatedService, role: str) -> None:
    served = await ServedCitizen(isolated).invite()
    token = (await isolated.post(ASK, role, body=key_of(served.case_id))).json()["token"]
    rated = await isolated.post("/ratings", role, body={"token": token, **GOOD})
    assert rated.status_code == 201
