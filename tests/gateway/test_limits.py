"""Each caller may do so much at once and so much in the long run; nobody pays for another."""

import httpx
import pytest

from services.gateway.limits import rules
from services.gateway.limits.gcra import Limiter, Rate
from tests import support
from tests.gateway.conftest import Running
from tests.gateway.loopback_server import listening


def test_allows_a_burst_then_the_steady_rate() -> None:
    limiter, rate = Limiter(), Rate(per_second=10, burst=5)
    at_once = [limiter.take("a", "reading", rate, 100.0).allowed for _ in range(8)]
    assert at_once == [True] * 5 + [False] * 3
    assert not limiter.take("a", "reading", rate, 100.09).allowed
    assert limiter.take("a", "reading", rate, 100.11).allowed


def test_says_when_to_come_back_and_means_it() -> None:
    limiter, rate = Limiter(), Rate(per_second=2, burst=1)
    limiter.take("a", "x", rate, 0.0)
    refused = limiter.take("a", "x", rate, 0.1)
    assert refused.retry_after == pytest.approx(0.4)
    assert limiter.take("a", "x", rate, 0.1 + refused.retry_after).allowed


def test_refusals_cost_nothing() -> None:
    limiter, rate = Limiter(), Rate(per_second=1, burst=1)
    limiter.take("a", "x", rate, 0.0)
    for _ in range(1000):
        limiter.take("a", "x", rate, 0.5)
    assert limiter.take("a", "x", rate, 1.0).allowed


def test_callers_and_classes_are_apart() -> None:
    limiter, rate = Limiter(), Rate(per_second=1, burst=1)
    assert limiter.take("a", "x", rate, 0.0).allowed
    assert limiter.take("b", "x", rate, 0.0).allowed
    assert limiter.take("a", "y", rate, 0.0).allowed
    assert not limiter.take("a", "x", rate, 0.0).allowed


def test_counts_down_what_is_left() -> None:
    limiter, rate = Limiter(), Rate(per_second=1, burst=3)
    assert [limiter.take("a", "x", rate, 5.0).remaining for _ in range(3)] == [2, 1, 0]


def test_forgets_the_least_recent_callers() -> None:
    limiter, rate = Limiter(remembered=10), Rate(per_second=1, burst=1)
    for n in range(100):
        limiter.take(f"caller-{n}", "x", rate, 0.0)
    assert len(limiter._arrivals) == 10
    assert not limiter.take("caller-99", "x", rate, 0.0).allowed


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_network_is_one_caller(address: str | None, key: str) -> None:
    assert rules.address_key(address) == key


async def test_tells_what_is_left_and_refuses_with_429(door: Running) -> None:
    from services.gateway.app import create_app

    settings = door.settings.model_copy(update={"rate_factor": 0.005})
    async with (
        listening(create_app(settings)) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):

        async def known() -> bool:
            return (await client.get("/api/v1/echo/x")).status_code in (200, 429)

        await support.eventually(known, seconds=15)
        answers = [await client.get("/api/v1/echo/x") for _ in range(12)]
        codes = [answer.status_code for answer in answers]
        assert codes.count(200) <= 11
        refused = answers[-1]
        assert (refused.status_code, refused.json()["type"]) == (
            429,
            "/problems/too-many-requests",
        )
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["ratelimit-policy"] == '"reading";q=10;w=10'
        assert refused.headers["ratelimit"].startswith('"reading";r=0;t=')
        assert (await client.get("/healthz")).status_code == 200


async def test_forged_tokens_are_counted_against_where_they_come_from(door: Running) -> None:
    from services.gateway.app import create_app

    settings = door.settings.model_copy(update={"rate_factor": 0.005})
    async with (
        listening(create_app(settings)) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):

        async def forged() -> int:
            headers = {"Authorization": "Bearer forged"}
            return (await client.get("/api/v1/echo/x", headers=headers)).status_code

        async def known() -> bool:
            return await forged() in (401, 429)

        await support.eventually(known, seconds=15)
        codes = [await forged() for _ in range(20)]
        assert codes[-1] == 429
        assert set(codes) <= {401, 429}
