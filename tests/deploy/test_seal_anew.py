"""A column key is changed while the system runs: nothing is lost, and the old key can be let go."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy import anew, seal_anew
from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from deploy.services import SERVICES
from services.feedback.app import create_app
from shared.security.crypto import Keyring
from tests import sealed_cells, support
from tests.support import COLUMN_KEYS, INDEX_KEY, Databases, Tokens

NEW_KEY = "k2:" + base64.b64encode(b"N" * 32).decode()
OLD = Keyring(COLUMN_KEYS, INDEX_KEY)
BOTH = Keyring(f"{NEW_KEY},{COLUMN_KEYS}", INDEX_KEY)
NEW = Keyring(NEW_KEY, INDEX_KEY)
PEOPLE = 500
INSERT = "INSERT INTO citizen (key, name_sealed, phone_sealed, updated_at) VALUES ($1, $2, $3, $4)"
RENAME = "UPDATE citizen SET name_sealed = $2, updated_at = $3 WHERE key = $1"


async def seal(service: str, urls: Urls, keyring: Keyring = BOTH) -> anew.Outcome:
    reported: list[str] = []
    return await seal_anew.seal_anew(service, urls.owner, keyring, reported.append)


@pytest.fixture(scope="module")
def of_appointments(databases: Databases) -> Urls:
    return databases.new("appointments", f"sealed_{uuid4().hex[:8]}")


@pytest.fixture
async def halls(of_appointments: Urls) -> Urls:
    """A database that knows nobody yet."""
    owner = await support.connect(of_appointments.owner)
    await owner.execute("TRUNCATE citizen")
    await owner.close()
    return of_appointments


async def meet(rows: asyncpg.Connection, number: int, keyring: Keyring, name: str) -> None:
    key = f"tel:{number:05}"
    phone = keyring.seal("13812341234", where="citizen.phone", row=key)
    sealed = keyring.seal(name, where="citizen.name", row=key)
    await rows.execute(INSERT, key, sealed, phone, datetime.now(UTC))


async def names(rows: asyncpg.Connection, keyring: Keyring) -> dict[int, str]:
    """By number, of all people, opened with these keys alone."""
    found = await rows.fetch("SELECT key, name_sealed FROM citizen")
    return {
        int(key.partition(":")[2]): keyring.open(sealed, where="citizen.name", row=key)
        for key, sealed in found
    }


async def test_nothing_that_is_written_meanwhile_is_lost(halls: Urls) -> None:
    """Two processes write on: one seals with the new key, one has not been restarted yet."""
    rows, other, third = [await support.connect(halls.service) for _ in range(3)]
    for number in range(PEOPLE):
        await meet(rows, number, OLD, f"某{number}")
    said, done = {number: f"某{number}" for number in range(PEOPLE)}, asyncio.Event()

    async def write(connection: asyncpg.Connection, keyring: Keyring, first: int) -> int:
        turn = first
        while not done.is_set():
            number, name = turn * 7 % PEOPLE // 2 * 2 + first, f"改{turn}"
            key = f"tel:{number:05}"
            sealed = keyring.seal(name, where="citizen.name", row=key)
            await connection.execute(RENAME, key, sealed, datetime.now(UTC))
            said[number], turn = name, turn + 1
            await meet(connection, PEOPLE + turn * 2 + first, keyring, name)
            said[PEOPLE + turn * 2 + first] = name
            await asyncio.sleep(0.002)
        return turn

    writers = [asyncio.create_task(write(c, k, n)) for n, (c, k) in enumerate(
        [(other, BOTH), (third, OLD)]
    )]  # fmt: skip
    outcome = await seal("appointments", halls)
    done.set()
    assert min(await asyncio.gather(*writers)) > 20, "nobody wrote meanwhile"
    assert outcome.changed >= PEOPLE * 2
    assert await names(rows, BOTH) == said
    after = await seal("appointments", halls)
    assert (after.left, after.closed.total(), set(after.keys)) == (0, 0, {"k2"})
    assert await names(rows, NEW) == said, "the old key is needed no more"
    for connection in (rows, other, third):
        await connection.close()


async def test_a_row_that_somebody_holds_is_not_waited_for(
    halls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anew, "PASSES", 2)
    rows, holder = await support.connect(halls.service), await support.connect(halls.service)
    for number in range(3):
        await meet(rows, number, OLD, "某")
    async with holder.transaction():
        await holder.execute("SELECT FROM citizen WHERE key = 'tel:00001' FOR UPDATE")
        async with asyncio.timeout(5):
            held = await seal("appointments", halls)
    assert (held.changed, held.left) == (4, 2)
    assert held.keys == {"k2": 4, "test": 2}
    assert "仍有 2 处" in seal_anew.verdicts(BOTH, held.keys)[0]
    assert "keep it" in seal_anew.verdicts(BOTH, held.keys)[0]
    after = await seal("appointments", halls)
    assert (after.changed, after.left) == (2, 0)
    assert "no cell needs it" in seal_anew.verdicts(BOTH, after.keys)[0]
    await rows.close()
    await holder.close()


async def test_a_run_that_was_ended_goes_on_where_it_was(
    halls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anew, "BATCH", 10)
    rows = await support.connect(halls.service)
    for number in range(100):
        await meet(rows, number, OLD, f"某{number}")
    running = asyncio.create_task(seal("appointments", halls))
    fresh = "SELECT count(*) FROM citizen WHERE name_sealed LIKE '%|k2|%'"
    await support.eventually(lambda: rows.fetchval(f"SELECT ({fresh}) >= 20"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    begun = await rows.fetchval(fresh)
    assert 20 <= begun < 100
    after = await seal("appointments", halls)
    assert after.changed == 200 - begun
    assert await names(rows, NEW) == {number: f"某{number}" for number in range(100)}
    await rows.close()


async def test_what_no_key_opens_is_counted_and_left_as_it_is(halls: Urls) -> None:
    rows = await support.connect(halls.service)
    for number in range(2):
        await meet(rows, number, OLD, "某")
    await rows.execute("UPDATE citizen SET name_sealed = 'v1|A256GCM|gone|AA==|AA=='")
    outcome = await seal("appointments", halls)
    assert (outcome.changed, outcome.left) == (2, 0)
    assert outcome.closed == {"citizen.name_sealed": 2}
    lines = seal_anew.verdicts(BOTH, outcome.keys)
    assert "no cell needs it" in lines[0]
    assert "key gone: 2 cells still need it" in lines[1]
    kept = await rows.fetchval("SELECT count(*) FROM citizen WHERE name_sealed LIKE '%|gone|%'")
    assert kept == 2
    await rows.close()


async def test_a_sealed_column_that_the_code_does_not_know_lets_no_key_go(halls: Urls) -> None:
    owner = await support.connect(halls.owner)
    await owner.execute("ALTER TABLE citizen ADD COLUMN address_sealed text")
    with pytest.raises(anew.UnknownColumns, match=r"citizen\.address_sealed"):
        await seal("appointments", halls)
    await owner.execute("ALTER TABLE citizen DROP COLUMN address_sealed")
    await owner.close()


@asynccontextmanager
async def feedback_with(
    keys: str, urls: Urls, bus: NatsServer, tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    settings = support.settings_for(
        "feedback", urls.service, bus, tokens, background=False, column_keys=keys
    )
    async with support.serve(create_app(settings)) as client:
        yield client


async def send(client: httpx.AsyncClient) -> dict[str, Any]:
    """A letter with an addition, and what lets its sender see it."""
    letter = {
        "kind": "help",
        "title": "路灯不亮",
        "body": "小区门口的路灯一周没有亮了，晚上看不清路。",
        "contact": {"name": "李明", "phone": "13812341234"},
    }
    answer = await client.post("/api/v1/letters", json=letter)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    added = {"code": receipt["query_code"], "text": "昨天又摔了一位老人。"}
    answer = await client.post(f"/api/v1/letters/{receipt['reg_no']}/supplement", json=added)
    assert answer.status_code == 200, answer.text
    return receipt


async def see(client: httpx.AsyncClient, receipt: dict[str, Any]) -> dict[str, Any]:
    params = {"code": receipt["query_code"]}
    answer = await client.get(f"/api/v1/letters/{receipt['reg_no']}", params=params)
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def test_what_is_only_ever_added_to_is_sealed_anew_and_stays_protected(
    databases: Databases, bus: NatsServer, tokens: Tokens
) -> None:
    urls = databases.new("feedback", f"sealed_{uuid4().hex[:8]}")
    protected = "UPDATE letter_supplement SET text_sealed = text_sealed"
    owner, refused, tried = await support.connect(urls.owner), 0, 0
    async with feedback_with(COLUMN_KEYS, urls, bus, tokens) as client:
        receipts = [await send(client) for _ in range(3)]
        before = [await see(client, receipt) for receipt in receipts]
    async with feedback_with(f"{NEW_KEY},{COLUMN_KEYS}", urls, bus, tokens) as client:
        running = asyncio.create_task(seal("feedback", urls))
        while not running.done():
            tried += 1
            try:
                await owner.execute(protected)
            except asyncpg.InsufficientPrivilegeError:
                refused += 1
            receipts.append(await send(client))
            before.append(await see(client, receipts[-1]))
        outcome = await running
    assert tried == refused >= 1, "somebody else saw the protection off"
    assert (outcome.left, outcome.closed.total(), set(outcome.keys)) == (0, 0, {"k2"})
    async with feedback_with(NEW_KEY, urls, bus, tokens) as client:
        assert [await see(client, receipt) for receipt in receipts] == before
    for statement in (protected, "UPDATE letter SET title_sealed = title_sealed"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)
    noted = await owner.fetch(
        "SELECT object, details->>'key' FROM audit_log WHERE actor = 'deploy'"
    )
    assert {("letter.title_sealed", "k2"), ("letter_supplement.text_sealed", "k2")} <= {
        tuple(row) for row in noted
    }
    assert [fault async for fault in sealed_cells.faults("feedback", owner, NEW)] == []
    await owner.close()


async def test_the_command_goes_through_every_service_and_ends_well_only_when_all_is_done(
    of_every_service: dict[str, Urls],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ONEDOOR_COLUMN_KEYS", f"{NEW_KEY},{COLUMN_KEYS}")
    monkeypatch.setenv("ONEDOOR_INDEX_KEY", INDEX_KEY)
    monkeypatch.setattr(anew, "PASSES", 1)
    rows = await support.connect(of_every_service["appointments"].service)
    await meet(rows, 1, OLD, "李明")
    async with rows.transaction():
        await rows.execute("SELECT FROM citizen FOR UPDATE")
        assert await asyncio.to_thread(seal_anew.main) == 1
    first = capsys.readouterr().out
    assert await asyncio.to_thread(seal_anew.main) == 0
    second = capsys.readouterr().out
    await rows.close()
    assert "key test: 2 cells still need it" in first
    assert "citizen.name_sealed: 已更新 1，" in second
    assert "key test: no cell needs it" in second
    for line in (first + second).splitlines():
        assert " | " in line or line.removesuffix(":") in SERVICES
    assert not any(secret in first + second for secret in (NEW_KEY[3:], COLUMN_KEYS[5:], "李明"))
