"""A sign-in that ends before its time is published: whoever verifies tokens has to know."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest

from deploy import streams
from deploy.local.nats import NatsServer
from services.gateway.app import create_app
from shared.errors import Unavailable
from shared.jobs import end
from shared.messaging.bus import Bus
from shared.security.identity import REFUSED_SECONDS, Refusals, Verifier
from shared.web.refusals import watch
from tests import support
from tests.conftest import Headers
from tests.gateway.conftest import Running
from tests.gateway.loopback_server import listening
from tests.gateway.test_sign_in import new_account, refresh, sign_in
from tests.support import Tokens

Json = dict[str, Any]
SUBJECT = "gateway.sign_in.ended.v1._"
BETTER = "Lotus-Pond-27"


async def change_password(client: httpx.AsyncClient, admin: Json, account: Json, told: Json) -> Any:
    wanted = {"current_password": account["password"], "new_password": BETTER}
    own = {"Authorization": f"Bearer {told['access_token']}"}
    return await client.post("/api/v1/auth/password", json=wanted, headers=own)


async def disable(client: httpx.AsyncClient, admin: Json, account: Json, told: Json) -> Any:
    path = f"/api/v1/accounts/{account['id']}/disable"
    return await client.post(path, json={"version": account["version"]}, headers=admin)


async def take_role(client: httpx.AsyncClient, admin: Json, account: Json, told: Json) -> Any:
    grants = {"roles": ["officer"], "places": ["D01"], "version": account["version"]}
    path = f"/api/v1/accounts/{account['id']}/grants"
    return await client.put(path, json=grants, headers=admin)


async def sign_out(client: httpx.AsyncClient, admin: Json, account: Json, told: Json) -> Any:
    return await client.post("/api/v1/auth/revoke", data={"token": told["refresh_token"]})


ENDINGS = {
    "password_changed": change_password,
    "disabled": disable,
    "grants_changed": take_role,
    "signed_out": sign_out,
}


@pytest.mark.parametrize("because", ENDINGS)
async def test_an_ended_sign_in_is_published_on_the_gateways_stream(
    client: httpx.AsyncClient, as_: Headers, bus: NatsServer, because: str
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    told = (await sign_in(client, account)).json()
    answer = await ENDINGS[because](client, as_("admin", "*"), account, told)
    assert answer.is_success, answer.text
    event = await published(bus, account["id"])
    assert event["type"] == "gateway.sign_in.ended.v1"
    assert event["data"]["because"] == because
    assert event["subject"] == event["data"]["sign_in_id"]
    assert (await refresh(client, told["refresh_token"])).status_code == 400


@pytest.mark.parametrize("because", ENDINGS)
async def test_every_service_refuses_the_tokens_of_an_ended_sign_in_within_seconds(
    client: httpx.AsyncClient,
    appointments: httpx.AsyncClient,
    projects: httpx.AsyncClient,
    feedback: httpx.AsyncClient,
    as_: Headers,
    because: str,
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    told = (await sign_in(client, account)).json()
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    asked = [
        (client, "/api/v1/auth/me"),
        (appointments, "/api/v1/halls"),
        (projects, "/api/v1/units"),
        (feedback, "/api/v1/published-letters"),
    ]
    for service, path in asked:
        assert (await service.get(path, headers=bearer)).status_code == 200, path

    assert (await ENDINGS[because](client, as_("admin", "*"), account, told)).is_success

    for service, path in asked:

        async def refused(service: httpx.AsyncClient = service, path: str = path) -> bool:
            return (await service.get(path, headers=bearer)).status_code == 401

        await support.eventually(refused, message=f"{path} is still answered")


async def test_a_new_sign_in_is_good_where_an_older_one_ended(
    client: httpx.AsyncClient, as_: Headers, bus: NatsServer
) -> None:
    account = await new_account(client, as_, "citizen")
    told = (await sign_in(client, account)).json()
    await sign_out(client, {}, account, told)
    await published(bus, account["id"])
    again = {"Authorization": f"Bearer {(await sign_in(client, account)).json()['access_token']}"}
    assert (await client.get("/api/v1/auth/me", headers=again)).status_code == 200


async def test_a_process_that_starts_later_knows_what_ended_before(
    client: httpx.AsyncClient, as_: Headers, bus: NatsServer
) -> None:
    account = await new_account(client, as_, "citizen")
    await sign_out(client, {}, account, (await sign_in(client, account)).json())
    ended = (await published(bus, account["id"]))["data"]["sign_in_id"]
    known, late = Refusals(), Bus(bus.url("feedback"), "feedback")
    tasks = [asyncio.create_task(late.connect()), asyncio.create_task(watch(late, known).run())]

    async def look() -> bool:
        return ended in known

    assert not known.known, "nobody said yet what ended"
    try:
        await support.eventually(look)
        assert known.known
    finally:
        await end(tasks)
        await late.close()


async def test_whoever_does_not_know_yet_what_ended_lets_nobody_in(
    client: httpx.AsyncClient, as_: Headers, tokens: Tokens
) -> None:
    account = await new_account(client, as_, "citizen")
    token = (await sign_in(client, account)).json()["access_token"]
    known = Refusals()
    verifier = Verifier(
        f"file://{tokens.jwks}", issuer="onedoor", audience="onedoor", refusals=known
    )
    with pytest.raises(Unavailable):
        await verifier.caller(token)
    known.learned()
    assert (await verifier.caller(token)).sub == account["id"]


async def test_the_door_knows_what_ended_without_the_bus_and_after_its_own_restart(
    client: httpx.AsyncClient, door: Running, as_: Headers
) -> None:
    """Disabled by another gateway, while this one hears of nothing."""
    settings = door.settings.model_copy(update={"nats_url": "nats://127.0.0.1:1"})
    account = await new_account(client, as_, "citizen")
    told = (await sign_in(client, account)).json()
    bearer = {"Authorization": f"Bearer {told['access_token']}"}

    async def answers(address: str) -> int:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as other:
            return (await other.get("/api/v1/auth/me", headers=bearer)).status_code

    async def is_(address: str, status: int) -> bool:
        return await answers(address) == status

    async with listening(create_app(settings)) as address:
        await support.eventually(lambda: is_(address, 200))
        assert (await disable(client, as_("admin", "*"), account, told)).is_success
        await support.eventually(lambda: is_(address, 401), seconds=3)
    async with listening(create_app(settings)) as address:
        seen = {await answers(address)}
        await support.eventually(lambda: is_(address, 401))
        assert seen <= {401, 503}, "not for a moment"


async def test_a_role_that_is_taken_while_somebody_signs_in_is_in_no_token(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    database = await sql("gateway")
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    async with database.transaction():
        await database.execute(
            "UPDATE account SET roles = '{officer}', places = '{D01}' WHERE id = $1", account["id"]
        )
        signing_in = asyncio.create_task(sign_in(client, account))
        await support.eventually(lambda: database.fetchval(waiting))
    assert (await signing_in).json()["scope"] == "officer"


def test_a_refusal_is_forgotten_once_no_token_of_the_sign_in_can_be_good() -> None:
    known = Refusals()
    known.refuse("long ago", time.time() - REFUSED_SECONDS - 1)
    known.refuse("now", time.time())
    assert ("long ago" in known, "now" in known) == (False, True)


async def published(bus: NatsServer, account_id: str) -> Json:
    """The event about a sign-in of the account, as the stream has it."""
    async with streams.connected(bus.admin_url) as js:

        async def look() -> Json | None:
            last = (await js.stream_info("GATEWAY")).state.last_seq
            for position in range(last, max(0, last - 20), -1):
                event = json.loads(bytes((await js.get_msg("GATEWAY", position)).data or b"{}"))
                ended = event.get("type") == "gateway.sign_in.ended.v1"
                if ended and event["data"]["account_id"] == account_id:
                    return dict(event)
            return None

        return await support.eventually(look, message="nothing was published")
