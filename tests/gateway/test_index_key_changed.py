"""One number is one account's though the index key was changed since it was recorded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy import index_anew
from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.gateway.app import create_app
from services.gateway.identities import indexing
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.security.crypto import Keyring
from tests import support
from tests.conftest import Headers
from tests.gateway.conftest import keys_folder
from tests.gateway.identifying import an_id_number, approve, identify, verified
from tests.gateway.loopback_server import listening
from tests.gateway.test_sign_in import new_account
from tests.support import Databases, Tokens

FIRST, SECOND = support.INDEX_CHAINS
NEW = Keyring(support.COLUMN_KEYS, SECOND)


@pytest.fixture(scope="session")
def urls(databases: Databases) -> Urls:
    return databases.new("gateway", "gateway_chained")


class Gateways:
    """The gateway with some index keys, one after the other."""

    def __init__(self, urls: Urls, bus: NatsServer, tokens: Tokens, folder: Path) -> None:
        self.urls, self._bus, self._tokens, self._folder = urls, bus, tokens, folder

    def settings(self, keys: str) -> Any:
        return support.settings_for(
            "gateway", self.urls.service, self._bus, self._tokens,
            keys_dir=keys_folder(self._tokens, self._folder / "keys"),
            demo_accounts_file=self._folder / "demo.json", index_key=keys, background=False,
        )  # fmt: skip

    @asynccontextmanager
    async def with_keys(self, keys: str) -> AsyncIterator[httpx.AsyncClient]:
        async with (
            listening(create_app(self.settings(keys))) as address,
            httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client,
        ):

            async def is_ready() -> bool:
                return (await client.get("/healthz")).status_code == 200

            await support.eventually(is_ready, seconds=15)
            yield client

    async def turn(self) -> int:
        """What the hourly job does."""
        engine = new_engine(self.settings(SECOND), "test")
        changed = await indexing.index_all(new_sessions(engine), NEW, clock.now())
        await engine.dispose()
        return changed

    async def index_of(self, account: str) -> str | None:
        rows = await support.connect(self.urls.owner)
        sql = "SELECT id_number_index FROM account_identity WHERE account_id = $1"
        found: str | None = await rows.fetchval(sql, UUID(account))
        await rows.close()
        return found

    async def lift(self) -> Any:
        said: list[str] = []
        return await index_anew.index_anew("gateway", self.urls.owner, NEW, said.append)


@pytest.fixture
def gateways(urls: Urls, bus: NatsServer, tokens: Tokens, tmp_path: Path) -> Gateways:
    return Gateways(urls, bus, tokens, tmp_path)


def newest(number: str) -> str:
    return NEW.document_index(number, where="person.document")


@pytest.mark.parametrize("how", ["at once", "after the job", "after the command"])
async def test_an_identity_from_before_is_refused_to_another_account(
    gateways: Gateways, as_: Headers, how: str
) -> None:
    number, waiting, admin = an_id_number(), an_id_number(), as_("admin", "*")
    async with gateways.with_keys(FIRST) as client:
        holder, late, other = [(await new_account(client, as_, "citizen"))["id"] for _ in range(3)]
        await verified(client, as_, holder, name="张三", id_number=number)
        await identify(client, admin, late, name="李四", id_number=waiting)
    async with gateways.with_keys(SECOND) as client:
        if how == "after the job":
            assert await gateways.turn() >= 1
            assert await gateways.index_of(holder) == newest(number)
        if how == "after the command":
            assert (await gateways.lift()).left == 0
            assert await gateways.index_of(holder) == newest(number)
        answer = await identify(client, admin, other, name="王五", id_number=number)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/identity-taken")
        wrong = await approve(client, as_, late, id_number=an_id_number())
        assert wrong.json()["type"] == "/problems/identity-differs"
        answer = await approve(client, as_, late, id_number=waiting)
        assert answer.status_code == 200, answer.text
        assert await gateways.index_of(late) == newest(waiting)
        answer = await identify(client, admin, other, name="王五", id_number=waiting)
        assert answer.status_code == 409
        await verified(client, as_, holder, name="张三", id_number=number)
        assert (await gateways.lift()).left == 0
        assert await gateways.turn() == 0


async def test_a_proposal_from_before_is_refused_where_the_number_was_given_away_meanwhile(
    gateways: Gateways, as_: Headers
) -> None:
    number, admin = an_id_number(), as_("admin", "*")
    async with gateways.with_keys(FIRST) as client:
        late, holder = [(await new_account(client, as_, "citizen"))["id"] for _ in range(2)]
        for account in (late, holder):
            await identify(client, admin, account, name="李四", id_number=number)
        answer = await approve(client, as_, holder, id_number=number)
        assert answer.status_code == 200, answer.text
    async with gateways.with_keys(SECOND) as client:
        answer = await approve(client, as_, late, id_number=number)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/identity-taken")


async def test_one_number_under_two_keys_is_a_conflict_that_is_noted(
    gateways: Gateways, as_: Headers
) -> None:
    """A process that was not restarted could let that happen."""
    number = an_id_number()
    async with gateways.with_keys(FIRST) as client:
        first, second = [(await new_account(client, as_, "citizen"))["id"] for _ in range(2)]
        await verified(client, as_, first, name="张三", id_number=number)
        await verified(client, as_, second, name="李四", id_number=an_id_number())
    rows = await support.connect(gateways.urls.owner)
    sealed = NEW.seal(number, where="account_identity.id_number", row=second)
    await rows.execute(
        "UPDATE account_identity SET id_number_sealed = $2, id_number_index = $3"
        " WHERE account_id = $1", UUID(second), sealed, newest(number),
    )  # fmt: skip
    assert (await gateways.lift()).left == 1, "the command leaves it, it can decide nothing"
    for _ in range(2):
        await gateways.turn()
    noted = "SELECT count(*) FROM audit_log WHERE action = 'account.identity_conflict'"
    assert await rows.fetchval(f"{noted} AND object = $1", f"account:{first}") == 1
    found = {await gateways.index_of(account) for account in (first, second)}
    assert found == {None, newest(number)}
    assert (await gateways.lift()).left == 0
    await rows.close()
