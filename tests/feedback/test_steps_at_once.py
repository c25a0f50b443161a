"""Two people take a step about one order or rating at the same moment, or rate at the same moment.

Who names no version waits and goes by what the other has made of it; who names one is refused if
it is no longer the present one.
"""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.feedback.supervision import service
from services.feedback.supervision.models import PublicationProof
from tests import support
from tests.feedback.isolated_service import IsolatedService, new_code
from tests.feedback.test_supervision_steps import answered_order, issue
from tests.feedback.visit_helpers import GOOD, ServedCitizen, rated_badly

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_INVITATION = text(
    "SELECT i.id FROM rating_invitation i JOIN service_event e ON e.id = i.service_event_id"
    " WHERE e.case_id = :case"
)
WORDS = {"text": "已联系并说明"}


async def in_turn(
    isolated: IsolatedService, table: str, row: str, *steps: Coroutine[Any, Any, httpx.Response]
) -> list[httpx.Response]:
    """The steps, begun one after the other while the row is locked by somebody else."""
    begun: list[asyncio.Task[httpx.Response]] = []
    async with isolated.sessions() as session, session.begin():
        await session.execute(text(f"SELECT 1 FROM {table} WHERE id = :id FOR UPDATE"), {"id": row})
        for step in steps:
            begun.append(asyncio.create_task(step))
            wait = partial(_are_waiting, isolated, len(begun))
            await support.eventually(wait)
    return await asyncio.gather(*begun)


async def _are_waiting(isolated: IsolatedService, count: int) -> bool:
    """In a transaction of its own: one transaction sees the activity of its first look only."""
    async with isolated.sessions() as session:
        return bool((await session.execute(_WAITING)).scalar_one() == count)


@pytest.mark.parametrize(
    ("second", "status", "detail"),
    [
        ("answer", 200, None),
        ("acknowledge", 409, "现在是“已签收”，不能“签收”；可以：回复"),
    ],
)
async def test_the_second_step_of_an_order_goes_by_what_the_first_made_of_it(
    isolated: IsolatedService, second: str, status: int, detail: str | None
) -> None:
    department = new_code()
    order = await issue(isolated, department)

    async def step(action: str) -> httpx.Response:
        path = f"/supervision-orders/{order['id']}/{action}"
        return await isolated.post(path, "officer", department, body=WORDS)

    first, then = await in_turn(
        isolated, "supervision_order", order["id"], step("acknowledge"), step(second)
    )
    assert (first.status_code, first.json()["state"]) == (200, "acknowledged")
    assert (then.status_code, then.json().get("detail")) == (status, detail)


@pytest.mark.parametrize(
    ("second", "status", "detail"),
    [
        ("rectify", 200, None),
        ("verify", 409, "现在是“核实中”，不能“核实”；可以：整改、说明、申诉"),
    ],
)
async def test_the_second_step_about_a_rating_goes_by_what_the_first_made_of_it(
    isolated: IsolatedService, second: str, status: int, detail: str | None
) -> None:
    served = await rated_badly(isolated)
    first, then = await in_turn(
        isolated, "rating", served.rating_id, served.act("verify"), served.act(second)
    )
    assert (first.status_code, first.json()["state"]) == (200, "verifying")
    assert (then.status_code, then.json().get("detail")) == (status, detail)


async def test_of_two_that_saw_one_version_the_second_is_refused(
    isolated: IsolatedService,
) -> None:
    served = await rated_badly(isolated)
    version = (await served.detail())["version"]
    first, then = await in_turn(
        isolated,
        "rating",
        served.rating_id,
        served.act("verify", version=version),
        served.act("verify", version=version),
    )
    assert (first.status_code, then.status_code) == (200, 409)
    assert (then.json()["state"], then.json()["version"]) == ("verifying", version + 1)


@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        ("/ratings", 201, "/problems/already-rated"),
        ("/ratings/amendments", 200, "/problems/no-longer-amendable"),
    ],
)
async def test_of_two_ratings_at_once_the_second_is_one_too_many(
    isolated: IsolatedService, path: str, status: int, problem: str
) -> None:
    amends = status == 200
    served = await rated_badly(isolated) if amends else await ServedCitizen(isolated).invite()
    async with isolated.sessions() as session:
        found = await session.execute(_INVITATION, {"case": served.case_id})
        invitation = str(found.scalar_one())
    table, row = ("rating", served.rating_id) if amends else ("rating_invitation", invitation)
    body = {"token": (await served.invitation())["token"], **GOOD}
    steps = [isolated.post(path, body=body) for _ in range(2)]
    first, then = await in_turn(isolated, table, row, *steps)
    assert (first.status_code, then.status_code) == (status, 409), then.text
    assert then.json()["type"] == problem


@pytest.mark.parametrize("names_version", [False, True])
async def test_an_acceptance_waits_for_the_proof_that_just_settles_what_stands(
    isolated: IsolatedService, names_version: bool
) -> None:
    """Else it would be refused for an item that is done by the time it is told so."""
    duty, order_id = await answered_order(isolated, new_code())
    proof = PublicationProof(
        duty_id=duty, event_id=uuid4(), url="https://example.org/1", told_at=isolated.clock.now
    )
    path = f"/supervision-orders/{order_id}"
    order = (await isolated.get(path, "supervisor", "*")).json()
    seen = order["version"] if names_version else None
    async with isolated.sessions() as session, session.begin():
        await service.accept_proof(session, proof, isolated.clock.now)
        accept = isolated.post(f"{path}/accept", "supervisor", "*", version=seen)
        accepting = asyncio.create_task(accept)
        await support.eventually(partial(_are_waiting, isolated, 1))
    refused = await accepting
    assert (refused.status_code, refused.json()["state"]) == (409, "closed")
