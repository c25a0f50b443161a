"""NATS stands still: the API goes on answering writes, and every event arrives afterwards."""

import asyncio
import os
import signal
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.faults.load import LETTER
from tests.support import eventually
from tests.system import System

pytestmark = [pytest.mark.xdist_group("system"), pytest.mark.slow]

TIMES = 12
"""While NATS stands still: whatever waited for it would never be answered."""


async def test_writes_are_answered_while_nats_is_frozen_and_caught_up_after(
    system: System,
) -> None:
    kiosk = await asyncio.to_thread(system.sign_in, "device1")
    nats = system.pid_of("nats")
    os.kill(nats, signal.SIGSTOP)
    try:
        tickets, letters = await _work_for(system, kiosk)
    finally:
        os.kill(nats, signal.SIGCONT)
    await _published(system, "appointments", "appointments.ticket.issued.v1.%", tickets)
    await _numbered(system, letters)


async def _work_for(system: System, kiosk: dict[str, str]) -> tuple[list[str], list[str]]:
    """Ids of tickets and letters that were acknowledged."""
    tickets: list[str] = []
    letters: list[str] = []
    async with httpx.AsyncClient(base_url=f"{system.url}/api/v1", timeout=60) as client:
        items = (await client.get("/items", params={"hall": "H001"})).json()["items"]
        ticket = {"hall": "H001", "items": [items[0]["code"]]}
        for _ in range(TIMES):
            for path, body, headers, kept in (
                ("/tickets", ticket, kiosk, tickets),
                ("/letters", LETTER, {}, letters),
            ):
                key = {"Idempotency-Key": uuid4().hex}
                answer = await client.post(path, json=body, headers={**headers, **key})
                assert answer.status_code == 201, answer.text
                kept.append(answer.json()["id"])
            await asyncio.sleep(0.2)
    return tickets, letters


async def _published(system: System, service: str, subject: str, ids: list[str]) -> None:
    """Every event about these has reached the stream, once."""
    connection = await asyncpg.connect(system.owner_url(service))
    counted = """
        SELECT count(*) FROM outbox WHERE subject LIKE $1 AND published_at IS NOT NULL
        AND convert_from(body, 'UTF8')::jsonb -> 'data' ->> 'ticket_id' = ANY($2::text[])
    """

    async def all_there() -> bool:
        return bool(await connection.fetchval(counted, subject, ids) == len(ids))

    try:
        await eventually(all_there, seconds=60)
    finally:
        await connection.close()


async def _numbered(system: System, ids: list[str]) -> None:
    connection = await asyncpg.connect(system.owner_url("feedback"))
    kept = await connection.fetchval("SELECT count(*) FROM letter WHERE id = ANY($1::uuid[])", ids)
    await connection.close()
    assert kept == len(ids)
