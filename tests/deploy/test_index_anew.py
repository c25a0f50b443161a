"""The index key is changed while the system runs: every digest comes under the newest key."""

import asyncio
import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from deploy import anew, index_anew
from deploy.local import secrets
from deploy.postgres import Urls
from deploy.services import SERVICES
from shared.security.crypto import Keyring
from tests import digest_cells, support
from tests.support import COLUMN_KEYS, Databases

FIRST, SECOND = support.INDEX_CHAINS
THIRD = f"{SECOND},c3:" + base64.b64encode(b"D" * 32).decode()
OLD, NEW, NEWER = [Keyring(COLUMN_KEYS, keys) for keys in (FIRST, SECOND, THIRD)]
MEET = "INSERT INTO citizen (key, name_sealed, phone_sealed, updated_at) VALUES ($1, $2, $3, $4)"
PEOPLE = 7


async def lift(service: str, urls: Urls, keyring: Keyring = NEW) -> anew.Outcome:
    said: list[str] = []
    return await index_anew.index_anew(service, urls.owner, keyring, said.append)


@pytest.fixture(scope="module")
def of_appointments(databases: Databases) -> Urls:
    return databases.new("appointments", f"indexed_{uuid4().hex[:8]}")


@pytest.fixture
async def halls(of_appointments: Urls) -> Urls:
    """A database that knows nobody yet."""
    owner = await support.connect(of_appointments.owner)
    await owner.execute("TRUNCATE citizen, booking_turn, verified_account")
    await owner.close()
    return of_appointments


def key_of(number: int, keyring: Keyring) -> str:
    return "tel:" + keyring.phone_index(f"138{number:08}", where="citizen.phone")


async def meet(rows: asyncpg.Connection, number: int, keyring: Keyring = OLD) -> None:
    """A person, their turn, and an account of theirs."""
    key = key_of(number, keyring)
    phone = keyring.seal(f"138{number:08}", where="citizen.phone", row=key)
    name = keyring.seal(f"某{number}", where="citizen.name", row=key)
    await rows.execute(MEET, key, name, phone, datetime.now(UTC))
    await rows.execute("INSERT INTO booking_turn (key, turn) VALUES ($1, 1)", key)
    known = keyring.phone_index(f"138{number:08}", where="person.phone")
    await rows.execute(
        "INSERT INTO verified_account (citizen_key, phone, version) VALUES ($1, $2, 1)",
        f"sub:{uuid4()}", known,
    )  # fmt: skip


async def test_rows_move_with_what_is_sealed_to_their_key(halls: Urls) -> None:
    rows = await support.connect(halls.service)
    for number in range(PEOPLE):
        await meet(rows, number)
    outcome = await lift("appointments", halls)
    assert (outcome.left, set(outcome.keys)) == (0, {"b"})
    for keyring in (NEW, NEWER):
        await lift("appointments", halls, keyring)
        found = {row["key"]: row for row in await rows.fetch("SELECT * FROM citizen")}
        assert found.keys() == {key_of(number, keyring) for number in range(PEOPLE)}
        for number in range(PEOPLE):
            row = found[key_of(number, keyring)]
            name = keyring.open(row["name_sealed"], where="citizen.name", row=row["key"])
            assert name == f"某{number}"
        known = {row[0] for row in await rows.fetch("SELECT phone FROM verified_account")}
        assert known == {
            keyring.phone_index(f"138{number:08}", where="person.phone") for number in range(PEOPLE)
        }
        turns = await rows.fetch("SELECT key FROM booking_turn")
        assert not turns, "a turn under an older key is nobody's"
    await rows.close()


async def test_a_chain_of_three_is_lifted_in_one_go_from_wherever_a_digest_is(
    halls: Urls,
) -> None:
    rows = await support.connect(halls.service)
    for number, keyring in enumerate((OLD, NEW, NEWER)):
        await meet(rows, number, keyring)
    await meet(rows, 0, NEW)
    outcome = await lift("appointments", halls, NEWER)
    assert (outcome.left, set(outcome.keys)) == (0, {"c3"})
    keys = {row[0] for row in await rows.fetch("SELECT key FROM citizen")}
    assert keys == {key_of(number, NEWER) for number in range(3)}
    await rows.close()


async def test_a_row_that_somebody_holds_is_not_waited_for(
    halls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anew, "PASSES", 2)
    rows, holder = await support.connect(halls.service), await support.connect(halls.service)
    for number in range(PEOPLE):
        await meet(rows, number)
    async with holder.transaction():
        held = key_of(1, OLD)
        await holder.execute("SELECT FROM citizen WHERE key = $1 FOR UPDATE", held)
        async with asyncio.timeout(20):
            outcome = await lift("appointments", halls)
    assert outcome.left == 1
    assert (outcome.keys[index_anew.FIRST], outcome.keys["b"]) == (1, PEOPLE * 2 - 1)
    assert "仍有 1 处" in index_anew.verdicts(NEW, outcome.keys)[0]
    after = await lift("appointments", halls)
    assert (after.left, set(after.keys)) == (0, {"b"})
    assert "no digest is under it alone" in index_anew.verdicts(NEW, after.keys)[0]
    await rows.close()
    await holder.close()


async def test_what_is_of_a_key_that_is_not_loaded_is_counted_and_left(halls: Urls) -> None:
    rows = await support.connect(halls.service)
    await meet(rows, 1, NEWER)
    outcome = await lift("appointments", halls, NEW)
    assert outcome.closed["citizen.key"] == 1
    assert (outcome.changed, outcome.keys) == (0, {"c3": 3})
    said = index_anew.verdicts(NEW, outcome.keys)
    assert "c3 key: 3 digests are under it, and ONEDOOR_INDEX_KEY lacks it" in said[-1]
    one_key = await lift("appointments", halls, OLD)
    assert one_key.closed["citizen.key"] == 1
    await rows.close()


async def test_what_does_not_open_stays_and_stops_nothing(halls: Urls) -> None:
    rows = await support.connect(halls.service)
    for number in range(3):
        await meet(rows, number)
    spoil = "UPDATE citizen SET name_sealed = 'v1|A256GCM|gone|AA==|AA==' WHERE key = $1"
    await rows.execute(spoil, key_of(1, OLD))
    outcome = await lift("appointments", halls)
    assert outcome.keys[index_anew.FIRST] == 1
    keys = {row[0] for row in await rows.fetch("SELECT key FROM citizen")}
    assert keys == {key_of(0, NEW), key_of(1, OLD), key_of(2, NEW)}
    await rows.execute("DELETE FROM citizen WHERE key = $1", key_of(1, OLD))
    await rows.close()


async def test_the_audit_log_notes_columns_and_key_and_no_digest(halls: Urls) -> None:
    rows, owner = await support.connect(halls.service), await support.connect(halls.owner)
    await meet(rows, 1)
    began = datetime.now(UTC)
    await lift("appointments", halls)
    noted = await owner.fetch(
        "SELECT object, details::text AS details FROM audit_log"
        " WHERE actor = 'deploy' AND at >= $1",
        began,
    )
    assert {row["object"] for row in noted} == {
        "citizen.key", "verified_account.phone", "booking_turn.key"
    }  # fmt: skip
    assert {row["details"] for row in noted} == {'{"key": "b"}'}
    await rows.close()
    await owner.close()


async def test_a_column_with_digests_that_does_not_say_so_is_found(halls: Urls) -> None:
    owner = await support.connect(halls.owner)
    await owner.execute("ALTER TABLE hall ADD COLUMN owner_index text")
    await owner.execute(
        "INSERT INTO hall (code, name, address, level, opening_hours, channels, accessibility,"
        " timezone, version, updated_at, owner_index) VALUES ('H001', 'H', 'H', 'city', '[]', '{}',"
        " '{}', 'Asia/Shanghai', 1, now(), $1)", key_of(77, NEW),
    )  # fmt: skip
    [fault] = [fault async for fault in digest_cells.faults("appointments", owner)]
    assert "hall.owner_index" in fault
    await owner.execute("UPDATE hall SET owner_index = $1", "tel:" + "0" * 64)
    assert [fault async for fault in digest_cells.faults("appointments", owner)] == []
    await owner.execute("ALTER TABLE hall DROP COLUMN owner_index")
    await owner.close()


async def test_the_command_goes_through_every_service_and_ends_well_only_when_all_is_done(
    of_every_service: dict[str, Urls],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ONEDOOR_COLUMN_KEYS", COLUMN_KEYS)
    monkeypatch.setenv("ONEDOOR_INDEX_KEY", SECOND)
    monkeypatch.setattr(anew, "PASSES", 1)
    rows = await support.connect(of_every_service["appointments"].service)
    await meet(rows, 1)
    async with rows.transaction():
        await rows.execute("SELECT FROM citizen FOR UPDATE")
        assert await asyncio.to_thread(index_anew.main) == 1
    first = capsys.readouterr().out
    assert await asyncio.to_thread(index_anew.main) == 0
    second = capsys.readouterr().out
    monkeypatch.setenv("ONEDOOR_INDEX_KEY", FIRST)
    assert await asyncio.to_thread(index_anew.main) == 1, "a key of what is stored is missing"
    await rows.close()
    assert "first key: 1 digests are still under it" in first
    assert "citizen.key: 已更新 1，" in second
    assert "first key: no digest is under it alone" in second
    for line in (first + second).splitlines():
        assert " | " in line or line.removesuffix(":") in SERVICES
    shown = first + second
    assert not any(key in shown for key in (FIRST, SECOND[-44:], key_of(1, OLD), key_of(1, NEW)))


def test_a_list_of_index_keys_is_kept_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    known = secrets.kept(path)
    assert len(Keyring(known.column_keys, known.index_key).index.ids) == 1
    changed = json.loads(path.read_text()) | {"index_key": f"{known.index_key},b:{SECOND[-44:]}"}
    path.write_text(json.dumps(changed))
    again = secrets.kept(path)
    assert Keyring(again.column_keys, again.index_key).index.ids == ["", "b"]
