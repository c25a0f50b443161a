"""Pages of other origins: those that a setting names, and no others."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import ValidationError

from services.gateway.app import create_app
from services.gateway.origins import origins
from services.gateway.settings import GatewaySettings
from tests import support
from tests.conftest import Headers
from tests.gateway.conftest import Running
from tests.gateway.loopback_server import listening

PAGE = "https://city.example"
ASKS = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture(scope="module")
async def client(door: Running) -> AsyncIterator[httpx.AsyncClient]:
    """Of a gateway that lets pages of one other origin in."""
    settings = door.settings.model_copy(update={"cors_origins": f"{PAGE}, http://localhost:5173"})
    async with (
        listening(create_app(settings)) as address,
        httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client,
    ):

        async def ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await support.eventually(ready, seconds=15)
        yield client


async def test_a_browser_that_asks_first_is_answered_without_a_token(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.options("/api/v1/mine", headers={"Origin": PAGE, **ASKS})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "authorization"
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_the_page_reads_answers_and_refusals_and_what_their_heads_say(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    for headers, status in ((as_("citizen"), 200), (as_("clerk"), 403), ({}, 401)):
        answer = await client.get("/api/v1/mine", headers={"Origin": PAGE, **headers})
        assert answer.status_code == status
        assert answer.headers.get_list("access-control-allow-origin") == [PAGE]
        for name in ("ETag", "Location", "Retry-After", "RateLimit", "Idempotent-Replayed"):
            assert name in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://city.example.evil", "http://city.example", "null"]
)
async def test_no_other_page_is_let_in(client: httpx.AsyncClient, origin: str) -> None:
    asked = await client.options("/api/v1/mine", headers={"Origin": origin, **ASKS})
    answer = await client.get("/api/v1/echo/x", headers={"Origin": origin})
    assert (asked.status_code, answer.status_code) == (405, 200)
    for each in (asked, answer):
        assert "access-control-allow-origin" not in each.headers
        assert "Origin" in each.headers["vary"], "a cache would hand one page's answer to another"


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/healthz", "/docs", "/", "/apis/"])
async def test_nothing_but_the_api_and_its_documents_is_for_other_pages(
    client: httpx.AsyncClient, path: str
) -> None:
    asked = await client.options(path, headers={"Origin": PAGE, **ASKS})
    answer = await client.get(path, headers={"Origin": PAGE})
    assert asked.status_code >= 400
    for each in (asked, answer):
        assert "access-control-allow-origin" not in each.headers


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json"])
async def test_the_documents_of_the_api_are_for_other_pages(
    client: httpx.AsyncClient, path: str
) -> None:
    asked = await client.options(path, headers={"Origin": PAGE, **ASKS})
    answer = await client.get(path, headers={"Origin": PAGE})
    assert (asked.status_code, answer.status_code) == (204, 200)
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


async def test_by_default_no_page_of_another_origin_is_let_in(door: Running) -> None:
    asked = await door.client.options("/api/v1/mine", headers={"Origin": PAGE, **ASKS})
    assert asked.status_code == 405
    assert "access-control-allow-origin" not in asked.headers


async def test_what_everybody_may_read_stays_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.well-known/jwks.json", headers={"Origin": PAGE})
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


@pytest.mark.parametrize(
    "wrong", ["canary.example", "https://canary.example/path", "null", "ftp://a"]
)
def test_what_is_no_origin_is_refused_and_not_repeated(door: Running, wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        GatewaySettings(**{**door.settings.model_dump(), "cors_origins": wrong})
    assert wrong not in str(refused.value)
    assert "cors_origins" in str(refused.value)


def test_all_may_be_let_in() -> None:
    assert origins(" * ") == {"*"}
    assert origins("") == frozenset()
