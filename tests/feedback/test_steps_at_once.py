"""Two people take a step about one order or rating at the same moment.

Who names no version waits and goes by what the other has made of it; who names one is refused if
it is no longer the present one.
"""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests import support
from tests.feedback.isolated_service import IsolatedService, new_code
from tests.feedback.test_supervision_steps import issue
from tests.feedback.visit_helpers import rated_badly

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
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
