"""Whoever did not hear of what they did asks again with their key: it is done once."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest

from services.feedback.letters.models import LetterState as S
from tests.feedback.isolated_service import IsolatedService, new_code
from tests.feedback.letter_helpers import LetterOffice
from tests.feedback.test_decisions_at_once import left_of
from tests.feedback.test_supervision_steps import issue
from tests.feedback.visit_helpers import GOOD, ServedCitizen, rated_badly
from tests.unheard import asked_twice

Step = Callable[[], Awaitable[httpx.Response]]


async def done_once(client: httpx.AsyncClient, step: Step) -> httpx.Response:
    client.headers["Idempotency-Key"] = uuid4().hex
    try:
        return await asked_twice(step)
    finally:
        del client.headers["Idempotency-Key"]


@pytest.mark.parametrize(
    ("state", "action"),
    [(S.ACCEPTED, "dispatch"), (S.IN_REVIEW, "approve"), (S.REPLIED, "rate_bad")],
)
async def test_a_letter_moves_once(office: LetterOffice, state: S, action: str) -> None:
    alone, letter = await office.letter_in(state), await office.letter_in(state)
    assert (await alone.act(action)).status_code == 200
    answer = await done_once(office.client, lambda: letter.act(action))
    assert (answer.status_code, letter.state) == (200, alone.state)
    assert await left_of(letter) == await left_of(alone)


async def test_a_rating_is_given_and_put_right_once(isolated: IsolatedService) -> None:
    invited, served = await ServedCitizen(isolated).invite(), await rated_badly(isolated)
    body = {"token": (await invited.invitation())["token"], **GOOD}
    given = await done_once(isolated.client, lambda: isolated.post("/ratings", body=body))
    step = await done_once(isolated.client, lambda: served.act("verify"))
    assert (given.status_code, step.json()["state"]) == (201, "verifying")


async def test_an_order_is_acknowledged_once(isolated: IsolatedService) -> None:
    department = new_code()
    path = f"/supervision-orders/{(await issue(isolated, department))['id']}/acknowledge"
    answer = await done_once(
        isolated.client, lambda: isolated.post(path, "officer", department, body={})
    )
    assert answer.json()["state"] == "acknowledged"
