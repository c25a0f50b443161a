"""Each caller may do so much at once and so much in the long run; nobody pays for another."""

import httpx
import pytest

from tests import support
from tests.gateway.conftest import Running
from tests.gateway.loopback_server import WAYS, listening
from tests.provoking import provokes


@pytest.mark.parametrize("way", WAYS)
@provokes("*", "too-many-requests")
async def test_tells_what_is_left_and_refuses_with_429(door: Running, way: str) -> None:
    from services.gateway.app import create_app

    settings = door.settings.model_copy(update={"rate_factor": 0.005})
    async with (
        listening(create_app(settings), WAYS[way]) as address,
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


@pytest.mark.parametrize("way", WAYS)
async def test_forged_tokens_are_counted_against_where_they_come_from(
    door: Running, way: str
) -> None:
    from services.gateway.app import create_app

    settings = door.settings.model_copy(update={"rate_factor": 0.005})
    async with (
        listening(create_app(settings), WAYS[way]) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):

        async def forged() -> int:
            headers = {"Authorization": "Bearer forged"}
            return (await client.get("/api/v1/echo/x", headers=headers)).status_code

        async def known() -> bool:
            return await forged() in (401, 429)

        await support.eventually(known, seconds=15)
        codes = [await forged() for _ in range(20)]
        assert set(codes) == {401, 429}  # how many of each, a busy machine decides
