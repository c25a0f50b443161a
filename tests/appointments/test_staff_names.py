"""Staff are shown by the names that colleagues know them by, and not by account ids."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from shared.clock import today
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good
from tests.support import Tokens


async def visit(floor: Floor, headers: dict[str, str]) -> dict[str, Any]:
    """Somebody is served by the clerk; their ticket."""
    ticket = await floor.issue()
    good(await floor.window("call-next", headers=headers))
    await floor.done(ticket, "serve", headers=headers)
    return await floor.done(ticket, "finish", outcome="done", headers=headers)


async def people(floor: Floor) -> list[tuple[str, str]]:
    day = today(floor.clock.at).isoformat()
    params = {"from": day, "to": day, "by": "clerk"}
    shown = good(await floor.get("statistics", params=params))
    return [(line["key"], line["account"]) for line in shown["items"]]


async def clerk_shown(floor: Floor) -> str:
    windows: Any = (await floor.get("windows-at-work")).json()["items"]
    return str(windows[0]["clerk"])


async def test_the_name_given_at_the_window_is_shown_everywhere(hall: Build) -> None:
    floor, account = await hall(), uuid4().hex
    clerk = floor.clerk(account)
    good(await floor.window("open", headers=clerk, clerk="王芳"))
    ticket = await visit(floor, clerk)

    assert await people(floor) == [("王芳", account)]
    assert await clerk_shown(floor) == "王芳"
    url = f"/api/v1/tickets/{ticket['id']}/history"
    history = good(await floor.client.get(url, headers=floor.manager()))
    assert history["items"][-1]["actor"] == "王芳"


async def test_else_the_name_that_the_sign_in_says(hall: Build, tokens: Tokens) -> None:
    floor, account = await hall(), uuid4().hex
    token = tokens("clerk", floor.code, sub=account, preferred_username="clerk7")
    clerk = {"Authorization": f"Bearer {token}"}
    good(await floor.window("open", headers=clerk))
    await visit(floor, clerk)

    assert await people(floor) == [("clerk7", account)]
    assert await clerk_shown(floor) == "clerk7"


async def test_an_account_without_a_known_name_is_shown_as_it_is(hall: Build) -> None:
    floor, account = await hall(), uuid4().hex
    clerk = floor.clerk(account)
    good(await floor.window("open", headers=clerk))
    await visit(floor, clerk)
    assert await people(floor) == [(account, account)]


async def test_what_one_did_stays_theirs_whoever_uses_the_account_later(hall: Build) -> None:
    floor, account = await hall(), uuid4().hex
    clerk, tickets = floor.clerk(account), []
    for name in ("赵一", "钱二"):
        good(await floor.window("open", headers=clerk, clerk=name))
        tickets.append(await visit(floor, clerk))
        good(await floor.window("close", headers=clerk))
        floor.clock.at += timedelta(minutes=10)

    for ticket, name in zip(tickets, ("赵一", "钱二"), strict=True):
        url = f"/api/v1/tickets/{ticket['id']}/history"
        history = good(await floor.client.get(url, headers=floor.manager()))
        assert history["items"][-1]["actor"] == name
    assert await people(floor) == [("赵一、钱二", account)]


async def test_a_shift_opened_by_the_release_before_goes_by_its_name(
    hall: Build, owner: asyncpg.Connection
) -> None:
    floor, account = await hall(), uuid4().hex
    clerk = floor.clerk(account)
    good(await floor.window("open", headers=clerk, clerk="赵一"))
    floor.clock.at += timedelta(minutes=10)
    await owner.execute(
        "UPDATE staff_name SET name = '钱二', noted_at = $2 WHERE account = $1",
        account,
        floor.clock.at,
    )
    ticket = await visit(floor, clerk)
    url = f"/api/v1/tickets/{ticket['id']}/history"
    history = good(await floor.client.get(url, headers=floor.manager()))
    assert history["items"][-1]["actor"] == "钱二"
