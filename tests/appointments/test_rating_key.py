"""The key to rate with is handed over with the ticket, once, and is known nowhere else."""

import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.security.crypto import Keyring, rating_key
from tests import support
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good

KEYRING = Keyring(support.COLUMN_KEYS, support.INDEX_KEY)
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open(0, 1)
    return made


async def finished_after_a_transfer(floor: Floor) -> tuple[dict[str, Any], list[Any]]:
    """The ticket as issued, and everything that was answered about it afterwards."""
    ticket = await floor.issue()
    said: list[Any] = [await floor.call(), await floor.done(ticket, "serve")]
    sent = await floor.done(ticket, "transfer", items=floor.items[1:])
    leg = {"id": sent["next_ticket_id"]}
    said += [sent, await floor.call(1), await floor.done(leg, "serve")]
    said.append(await floor.done(leg, "finish", outcome="done"))
    return ticket, said


async def test_a_repeat_of_the_request_is_given_the_same_key(floor: Floor) -> None:
    headers = floor.kiosk()
    first, again = [(await floor.ask_ticket(headers=headers)).json() for _ in range(2)]
    assert first["rating_key"] == again["rating_key"]


async def test_the_first_tickets_key_fits_the_case_that_is_finished(floor: Floor, sql: Any) -> None:
    ticket, _ = await finished_after_a_transfer(floor)
    owner: asyncpg.Connection = await sql("appointments")
    told = await owner.fetchval(
        "SELECT body FROM outbox WHERE subject = 'appointments.case.finished.v1.' || $1", floor.code
    )
    case_id = json.loads(told)["data"]["case_id"]
    assert case_id == ticket["id"]
    assert ticket["rating_key"] == rating_key(KEYRING, UUID(case_id))


async def test_only_the_answer_to_taking_a_ticket_has_the_key(
    floor: Floor, sql: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    ticket, said = await finished_after_a_transfer(floor)
    for path in (f"tickets/{ticket['id']}", f"halls/{floor.code}/queue"):
        shown = await floor.client.get(f"/api/v1/{path}", headers=floor.clerk())
        said.append(good(shown))
    key = ticket["rating_key"]
    assert key not in json.dumps(said)
    assert "rating_key" not in json.dumps(said)
    owner: asyncpg.Connection = await sql("appointments")
    for table in [row["tablename"] for row in await owner.fetch(TABLES)]:
        rows = await owner.fetch(f'SELECT * FROM "{table}"')
        assert not [row for row in rows if key in str(dict(row))], table
    assert key not in "".join(capfd.readouterr())
