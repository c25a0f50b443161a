"""Any of the six processes dies in the middle of work: nothing acknowledged is lost or doubled."""

import asyncio
import time
from typing import Any

import asyncpg
import pytest

from tests.faults.load import Acknowledged, Hall
from tests.support import eventually
from tests.system import SIX, System

pytestmark = [pytest.mark.xdist_group("system"), pytest.mark.slow]

BETWEEN_SECONDS = 1.5


async def test_sigkill_of_any_of_the_six_loses_and_doubles_nothing(system: System) -> None:
    before = await _letters(system)
    hall = Hall(system)
    work = asyncio.create_task(hall.work())
    for name in SIX:
        await asyncio.wait([work], timeout=BETWEEN_SECONDS)
        assert not work.done(), work.exception()
        dead = await asyncio.to_thread(system.kill, name)
        await asyncio.to_thread(_back, system, name, dead)
    await eventually(hall.has_done_enough, seconds=180, message="hardly any work was done")
    hall.stop.set()
    await work
    await asyncio.to_thread(system.wait_until_ready)
    await drained(system)
    await nothing_lost_or_doubled(system, hall.done)
    assert await _letters(system) == before + len(hall.done.letters)


def _back(system: System, name: str, dead: int) -> None:
    """Waits until the supervisor has started the process anew."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if system.pid_of(name) != dead:
                return
        except LookupError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{name} did not come back")


async def _letters(system: System) -> int:
    return int(await _value(system, "feedback", "SELECT count(*) FROM letter"))


async def _value(system: System, service: str, question: str, *args: object) -> Any:
    connection = await asyncpg.connect(system.owner_url(service))
    try:
        return await connection.fetchval(question, *args)
    finally:
        await connection.close()


async def drained(system: System) -> None:
    """Every outbox is published and every finished case has been handled."""
    waiting = "SELECT count(*) = 0 FROM outbox WHERE published_at IS NULL"
    for service in ("appointments", "feedback", "projects"):
        await eventually(lambda s=service: _value(system, s, waiting), seconds=60)  # type: ignore[misc]
    ended = "SELECT array_agg(event_id) FROM outbox WHERE subject LIKE $1"
    finished = await _value(system, "appointments", ended, FINISHED)
    # Each by its id: what else was handled, before and besides, is not what is waited for.
    handled = """
        SELECT count(*) = cardinality($1::uuid[]) FROM inbox
        WHERE subscription = 'feedback-invite' AND event_id = ANY($1::uuid[])
    """
    await eventually(lambda: _value(system, "feedback", handled, finished), seconds=90)


FINISHED = "appointments.case.finished.v1.%"


async def nothing_lost_or_doubled(system: System, done: Acknowledged) -> None:
    kept = "SELECT count(*) FROM ticket WHERE id = ANY($1::uuid[])"
    assert await _value(system, "appointments", kept, list(done.tickets)) == len(done.tickets)
    ended = f"{kept} AND state = 'done'"
    assert await _value(system, "appointments", ended, list(done.finished)) == len(done.finished)
    kept = "SELECT count(*) FROM letter WHERE id = ANY($1::uuid[])"
    assert await _value(system, "feedback", kept, list(done.letters)) == len(done.letters)
    # A case is a visit: a ticket that others sent on before bears another id than its visit.
    visits = "SELECT array_agg(visit_id) FROM ticket WHERE id = ANY($1::uuid[])"
    cases = await _value(system, "appointments", visits, list(done.finished))
    invited = """
        SELECT count(*), count(DISTINCT case_id)
        FROM service_event WHERE case_id = ANY($1::uuid[])
    """
    connection = await asyncpg.connect(system.owner_url("feedback"))
    counts = await connection.fetchrow(invited, cases)
    await connection.close()
    assert counts is not None
    assert tuple(counts) == (len(done.finished), len(done.finished))
    live = """
        SELECT count(*) FROM (SELECT window_id FROM call WHERE ended_at IS NULL
        GROUP BY window_id HAVING count(*) > 1) AS doubled
    """
    assert await _value(system, "appointments", live) == 0
