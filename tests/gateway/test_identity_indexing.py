"""One number, one account: also for what was written before its digest was kept."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.gateway.app import create_app
from services.gateway.identities import indexing
from shared import clock
from shared.database.engine import Sessions, new_engine, new_sessions
from shared.security.crypto import UNREADABLE, Keyring
from tests import support
from tests.conftest import Headers
from tests.gateway.conftest import Running
from tests.gateway.identifying import an_id_number, identify, verified
from tests.gateway.test_sign_in import new_account
from tests.paging import walked

KEYRING = Keyring(support.COLUMN_KEYS, support.INDEX_KEY)


@pytest.fixture
async def sessions(door: Running) -> AsyncIterator[Sessions]:
    engine = new_engine(door.settings, "test")
    yield new_sessions(engine)
    await engine.dispose()


async def _holder(client: httpx.AsyncClient, as_: Headers, number: str) -> str:
    account: str = (await new_account(client, as_, "citizen"))["id"]
    await verified(client, as_, account, name="张三", id_number=number)
    return account


async def _index(database: Any, account: str) -> str | None:
    sql = "SELECT id_number_index FROM account_identity WHERE account_id = $1"
    found: str | None = await database.fetchval(sql, UUID(account))
    return found


async def _written_by_the_release_before(database: Any, account: str, number: str) -> None:
    """It seals a number, and knows nothing of the digest beside it."""
    sealed = KEYRING.seal(number, where="account_identity.id_number", row=account)
    await database.execute(
        "UPDATE account_identity SET id_number_sealed = $2, version = version + 1"
        " WHERE account_id = $1",
        UUID(account),
        sealed,
    )


@pytest.mark.parametrize("how", ["none", "another's"])
async def test_a_number_without_its_digest_gets_it_and_has_one_account(
    client: httpx.AsyncClient, as_: Headers, sql: Any, sessions: Sessions, how: str
) -> None:
    database, number = await sql("gateway"), an_id_number()
    account = await _holder(client, as_, number)
    if how == "none":
        forget = "UPDATE account_identity SET id_number_index = NULL WHERE account_id = $1"
        await database.execute(forget, UUID(account))
    else:
        number = an_id_number()
        await _written_by_the_release_before(database, account, number)
    await indexing.index_all(sessions, KEYRING, clock.now())
    known = KEYRING.document_index(number, where="person.document")
    assert await _index(database, account) == known
    late = (await new_account(client, as_, "citizen"))["id"]
    answer = await identify(client, as_("admin", "*"), late, name="李四", id_number=number)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/identity-taken")


async def test_two_accounts_of_one_number_are_noted_once_and_shown_and_stop_nothing(
    client: httpx.AsyncClient, as_: Headers, sql: Any, sessions: Sessions
) -> None:
    database, number = await sql("gateway"), an_id_number()
    first = await _holder(client, as_, number)
    second, third = [await _holder(client, as_, an_id_number()) for _ in range(2)]
    await _written_by_the_release_before(database, second, number)
    await _written_by_the_release_before(database, third, (other := an_id_number()))
    for _ in range(2):
        await indexing.index_all(sessions, KEYRING, clock.now())
    assert await _index(database, second) is None
    for account, kept in ((first, number), (third, other)):
        known = KEYRING.document_index(kept, where="person.document")
        assert await _index(database, account) == known, "what comes behind is indexed all the same"

    acts = await database.fetch(
        "SELECT object, details ->> 'other' AS other, details::text AS said FROM audit_log"
        " WHERE action = 'account.identity_conflict' AND object = $1",
        f"account:{second}",
    )
    assert [(act["object"], act["other"]) for act in acts] == [
        (f"account:{second}", f"account:{first}")
    ]
    assert number not in acts[0]["said"]

    answer = await client.get(
        "/api/v1/account-identities",
        params={"state": "conflict", "limit": 200},
        headers=as_("admin", "*"),
    )
    shown = {each["account_id"]: each["conflict"] for each in answer.json()["items"]}
    assert shown.get(second) is True
    assert first not in shown
    await verified(client, as_, second, name="李四", id_number=an_id_number())
    url = f"/api/v1/accounts/{second}/identity"
    assert (await client.get(url, headers=as_("admin", "*"))).json()["conflict"] is False


async def test_a_number_that_does_not_open_stops_nothing(
    client: httpx.AsyncClient, as_: Headers, sql: Any, sessions: Sessions
) -> None:
    database, number = await sql("gateway"), an_id_number()
    broken, whole = [await _holder(client, as_, n) for n in (an_id_number(), number)]
    spoil = "UPDATE account_identity SET id_number_sealed = 'v1|A256GCM|gone|x|y'"
    await database.execute(f"{spoil} WHERE account_id = $1", UUID(broken))
    forget = "UPDATE account_identity SET id_number_index = NULL WHERE account_id = $1"
    await database.execute(forget, UUID(whole))
    await indexing.index_all(sessions, KEYRING, clock.now())
    assert await _index(database, whole) is not None
    auditor = as_("auditor", "*")
    path = "/api/v1/account-identities"
    listed = await walked(client, path, auditor, limit=50, state="verified")
    numbers = {each["account_id"]: each["id_number"] for each in listed}
    assert numbers[broken] == UNREADABLE
    assert numbers[whole][:3] == number[:3], "one that does not open hides no other"


async def test_a_gateway_that_starts_derives_what_is_missing(
    door: Running, client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    database = await sql("gateway")
    account = await _holder(client, as_, an_id_number())
    forget = "UPDATE account_identity SET id_number_index = NULL WHERE account_id = $1"
    await database.execute(forget, UUID(account))
    async with support.serve(create_app(door.settings), until_ready=False):
        await support.eventually(lambda: _index(database, account), seconds=10)
