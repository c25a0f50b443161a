"""Only an operation that asks for it is given the sender's network, and never its address."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.security.crypto import Keyring
from shared.web import networks
from tests.gateway.conftest import Running
from tests.gateway.test_bounds import another
from tests.support import COLUMN_KEYS, INDEX_KEY

KEYRING = Keyring(COLUMN_KEYS, INDEX_KEY)
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def test_a_network_is_one_for_a_day_and_cannot_be_read() -> None:
    [(_, one)] = networks.of_the_day("1.2.3.4", KEYRING, NOW)
    [(_, same)] = networks.of_the_day("1.2.3.4", KEYRING, NOW + timedelta(hours=3))
    [(_, later)] = networks.of_the_day("1.2.3.4", KEYRING, NOW + timedelta(days=1))
    [(_, other)] = networks.of_the_day("1.2.3.5", KEYRING, NOW)
    assert one == same
    assert len({one, later, other}) == 3
    assert b"1.2.3" not in one


@pytest.mark.parametrize(
    "network", ["127.0.0.1", "10.1.2.3", "192.168.0.9", "fe80::/64", "unknown"]
)
def test_behind_an_address_that_is_not_public_nobody_is_told_apart(network: str) -> None:
    assert networks.of_the_day(network, KEYRING, NOW) == []


async def test_the_gateway_gives_it_to_the_operation_that_asks_and_to_no_other(
    door: Running,
) -> None:
    async with another(door, proxies=["127.0.0.1/32"]) as client:

        async def given(method: str, address: str) -> str | None:
            answer = await client.request(
                method,
                "/api/v1/echo/x",
                json={},
                headers={"X-Forwarded-For": address, "X-OneDoor-Network-Today": "claimed"},
            )
            arrived = dict(answer.json()["headers"])
            assert address not in arrived.get("x-onedoor-network-today", "")
            found: str | None = arrived.get("x-onedoor-network-today")
            return found

        one, again, other = [await given("PUT", a) for a in ("1.2.3.4", "1.2.3.4", "1.2.3.5")]
        assert one is not None
        assert one == again != other
        assert await given("POST", "1.2.3.4") is None
        assert await given("PUT", "10.0.0.7") is None


async def test_nobody_claims_a_network(client: httpx.AsyncClient) -> None:
    claimed = {"X-OneDoor-Network-Today": "a" * 64}
    arrived = (await client.put("/api/v1/echo/x", json={}, headers=claimed)).json()["headers"]
    assert "x-onedoor-network-today" not in dict(arrived)
