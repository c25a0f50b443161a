"""What must be true before the door opens, and what it says when it is not."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from deploy.local.nats import NatsServer
from services.gateway.access import demo_accounts, keys, opening
from services.gateway.access.keys import SigningKeys
from services.gateway.access.opening import UnsafeStart
from services.gateway.access.tokens import Holder, Issuer, OwnKeysVerifier
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.errors import Unauthorized
from shared.ids import new_id
from shared.security.identity import Refusals
from tests import support
from tests.support import Databases, Tokens

RANDOM = "k1:3v8Yb0n3p8m7rj4tqJm0dD1xw6m2mJt0x9v2zq1fPpE="
INDEX = "r4Jm0dD1xw6m2mJt0x9v2zq1fPpEk3v8Yb0n3p8m7rg="


def test_a_local_system_makes_its_first_key_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    opening.prepare_keys(folder, "local")
    (key,) = folder.glob("*.jwk")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    opening.prepare_keys(folder, "local")
    assert len(list(folder.glob("*.jwk"))) == 1


def test_of_many_workers_that_start_at_once_one_makes_the_first_key(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: opening.prepare_keys(folder, "local"), range(8)))
    assert len(list(folder.glob("*.jwk"))) == 1
    assert len({json.dumps(signing.public()) for signing in made}) == 1


@pytest.mark.parametrize("env", ["test", "production"])
def test_elsewhere_missing_keys_are_named(tmp_path: Path, env: str) -> None:
    with pytest.raises(UnsafeStart, match="GATEWAY_KEYS_DIR"):
        opening.prepare_keys(tmp_path, env)


def test_in_production_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    keys.create(tmp_path, clock.now())
    (path,) = tmp_path.glob("*.jwk")
    opening.prepare_keys(tmp_path, "production")
    path.chmod(0o644)
    with pytest.raises(UnsafeStart, match="0600"):
        opening.prepare_keys(tmp_path, "production")


@pytest.mark.parametrize(
    ("column_keys", "index_key", "url", "named"),
    [
        (support.COLUMN_KEYS, INDEX, "postgresql://g:long-and-random@db/x", "ONEDOOR_COLUMN_KEYS"),
        (f"{RANDOM},{support.COLUMN_KEYS}", INDEX, "postgresql://db/x", "ONEDOOR_COLUMN_KEYS"),
        (RANDOM, support.INDEX_KEY, "postgresql://g:long-and-random@db/x", "ONEDOOR_INDEX_KEY"),
        (RANDOM, "changeme", "postgresql://g:long-and-random@db/x", "ONEDOOR_INDEX_KEY"),
        (RANDOM, f"{INDEX},b:{support.INDEX_KEY}", "postgresql://db/x", "ONEDOOR_INDEX_KEY"),
        (RANDOM, f"{support.INDEX_KEY},b:{INDEX}", "postgresql://db/x", "ONEDOOR_INDEX_KEY"),
        (RANDOM, INDEX, "postgresql://g:postgres@db/x", "GATEWAY_DATABASE_URL"),
    ],
)
def test_default_secrets_are_named(column_keys: str, index_key: str, url: str, named: str) -> None:
    with pytest.raises(UnsafeStart, match=named):
        opening.refuse_weak_secrets(column_keys, index_key, url)


def test_random_secrets_pass() -> None:
    for index in (INDEX, f"{INDEX},b:{RANDOM.partition(':')[2]}"):
        opening.refuse_weak_secrets(RANDOM, index, "postgresql://g:long-and-random@db/x")


async def test_a_new_key_is_published_before_it_signs_and_old_ones_keep_verifying(
    tmp_path: Path,
) -> None:
    now = clock.now()
    first = keys.create(tmp_path, now - timedelta(hours=1))
    signing = SigningKeys(tmp_path)
    signing.read()
    issuer = Issuer(signing, issuer="onedoor", audience="onedoor")
    known = Refusals()
    known.learned()
    verifier = OwnKeysVerifier(signing, issuer="onedoor", audience="onedoor", refusals=known)
    holder = Holder("someone", ["clerk"], ["H001"], "pwd", new_id())
    before = issuer.access_token(holder, now)

    second = keys.create(tmp_path, now - timedelta(seconds=90))
    later = now + timedelta(seconds=40)
    signing.read()
    assert [key["kid"] for key in signing.public()["keys"]] == [first.kid, second.kid]
    assert signing.signing(now).kid == first.kid
    assert signing.signing(later).kid == second.kid

    after = issuer.access_token(holder, later)
    for token in (before, after):
        assert (await verifier.caller(token)).sub == "someone"
    stranger = SigningKeys(tmp_path / "other")
    keys.create(tmp_path / "other", now)
    stranger.read()
    forged = Issuer(stranger, issuer="onedoor", audience="onedoor").access_token(holder, now)
    with pytest.raises(Unauthorized):
        await verifier.caller(forged)


@pytest.fixture
async def fresh(databases: Databases, bus: NatsServer, tokens: Tokens) -> Any:
    """Settings of a gateway on a database of its own."""
    url = databases.new("gateway", f"gateway_{os.urandom(4).hex()}").service
    return support.settings_for("gateway", url, bus, tokens)


async def test_demo_accounts_are_made_once_and_told_to_their_owner(
    fresh: Any, tmp_path: Path
) -> None:
    file = tmp_path / "demo-accounts.json"
    engine = new_engine(fresh, "test")
    sessions = new_sessions(engine)
    told = []
    for _ in range(2):
        await opening.settle_accounts(sessions, "local", file)
        told.append(json.loads(file.read_text()))
    assert told[0] == told[1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry["account"] for entry in told[0]] == [
        name for name, _, _ in demo_accounts.ACCOUNTS
    ]
    assert told[0][1].keys() == {"account", "role", "places", "password"}
    assert told[0][1]["places"] == ["H001"]
    await engine.dispose()


async def test_passwords_in_the_file_outlive_the_database(fresh: Any, tmp_path: Path) -> None:
    file = tmp_path / "demo-accounts.json"
    engine = new_engine(fresh, "test")
    sessions = new_sessions(engine)
    await opening.settle_accounts(sessions, "local", file)
    before = file.read_text()
    async with sessions() as session, session.begin():
        await session.execute(text("DELETE FROM account"))
    await opening.settle_accounts(sessions, "local", file)
    assert file.read_text() == before
    await engine.dispose()


async def test_demo_accounts_elsewhere_are_named_and_refused(fresh: Any, tmp_path: Path) -> None:
    engine = new_engine(fresh, "test")
    sessions = new_sessions(engine)
    await opening.settle_accounts(sessions, "local", tmp_path / "demo.json")
    with pytest.raises(UnsafeStart, match="citizen1"):
        await opening.settle_accounts(sessions, "production", tmp_path / "gone.json")
    async with sessions() as session, session.begin():
        await session.execute(text("UPDATE account SET state = 'disabled'"))
    await opening.settle_accounts(sessions, "production", tmp_path / "gone.json")
    with pytest.raises(UnsafeStart, match="GATEWAY_DEMO_ACCOUNTS_FILE"):
        await opening.settle_accounts(sessions, "production", tmp_path / "demo.json")
    await engine.dispose()
