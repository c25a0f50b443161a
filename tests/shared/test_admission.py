"""How much a service takes on, and for whom it works."""

import asyncio

import asyncpg
import httpx
import pytest

from tests.conftest import Headers
from tests.gateway.loopback_server import listening
from tests.provoking import provokes
from tests.shared import notes
from tests.shared.conftest import running
from tests.support import eventually

NOTES = "/api/v1/notes"
_WAITS_FOR = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"
_WRITTEN = "SELECT count(*) FROM audit_log WHERE action = 'note.written'"


@provokes("*", "unavailable")
async def test_above_the_limit_requests_are_refused_at_once(notes_settings: object) -> None:
    narrow = notes_settings.model_copy(  # type: ignore[attr-defined]
        update={"in_flight_limit": 2, "in_flight_wait_seconds": 0.05, "background": False}
    )
    async with running(narrow) as house:
        answers = await asyncio.gather(*(house.get(f"{NOTES}/slow") for _ in range(30)))
        statuses = [a.status_code for a in answers]
        assert set(statuses) == {200, 503}
        refused = next(a for a in answers if a.status_code == 503)
        assert refused.headers["retry-after"] in ("1", "2")
        assert (await house.get("/healthz")).status_code == 200


async def test_what_nobody_waits_for_any_more_is_not_begun(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    before = await rows.fetchval(_WRITTEN)
    late = as_("citizen") | {"x-deadline-seconds": "0"}
    answer = await house.post(NOTES, json={"words": "late for it"}, headers=late)
    assert (answer.status_code, await rows.fetchval(_WRITTEN)) == (503, before)
    for given in ("1.5", "soon", "-1"):  # what is no number of seconds says nothing
        headers = as_("citizen") | {"x-deadline-seconds": given}
        assert (await house.post(NOTES, json={"words": "x"}, headers=headers)).status_code == 201


async def test_that_nothing_is_done_twice_is_said_only_of_what_may_be_repeated(
    house: httpx.AsyncClient, as_: Headers
) -> None:
    async def advised(method: str, **headers: str) -> str:
        late = as_("citizen") | {"x-deadline-seconds": "0", **headers}
        answer = await house.request(method, NOTES, json={"words": "late"}, headers=late)
        assert answer.status_code == 503
        return str(answer.json()["detail"])

    assert "再读一次" in await advised("GET")
    assert "不会重复办理" in await advised("POST", **{"idempotency-key": "k" * 16})
    assert "请先查看" in await advised("POST")


async def test_what_was_left_while_it_waited_for_its_turn_is_not_begun(
    notes_settings: object, as_: Headers, rows: asyncpg.Connection
) -> None:
    narrow = notes_settings.model_copy(  # type: ignore[attr-defined]
        update={"in_flight_limit": 1, "in_flight_wait_seconds": 5, "background": False}
    )
    app, signed, lock = notes.create_app(narrow), as_("citizen"), notes.CROSSING[0]
    async with (
        listening(app) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as house,
    ):
        async with rows.transaction():
            await rows.execute("SELECT pg_advisory_xact_lock($1)", lock)
            busy = asyncio.create_task(house.post(NOTES, json={"words": "cross"}, headers=signed))
            await eventually(lambda: rows.fetchval(_WAITS_FOR, lock))
            with pytest.raises(httpx.ReadTimeout):
                await house.get(f"{NOTES}/slow", timeout=0.2)
        assert (await busy).status_code == 201
        figures = (await house.get("/metrics")).text
    assert 'route="/notes",status="201"' in figures
    assert "slow" not in figures
