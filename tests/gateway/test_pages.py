"""The pages people look at: in their language, from this machine alone."""

import re

import httpx
import pytest

PAGES = ["/", "/docs", "/events", "/problems", "/account/password", "/live/halls/H001"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_nothing_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)
    assert not re.search(r"<script>|<style>| on[a-z]+=", page.text)
    for asset in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
        answer = await client.get(asset)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_chinese_first_and_english_when_asked(
    client: httpx.AsyncClient, path: str
) -> None:
    chinese, english = await client.get(path), await client.get(f"{path}?lang=en")
    assert '<html lang="zh-CN">' in chinese.text
    assert '<html lang="en">' in english.text


async def test_the_front_page_leads_everywhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    for path in ("/docs", "/events", "/problems", "/live/halls/H001", "/asyncapi.json", "/readyz"):
        assert f'href="{path}' in page.text


@pytest.mark.parametrize(
    "path",
    [
        *(*PAGES, "/assets/none.css", "/healthz", "/readyz", "/metrics", "/openapi.json"),
        *("/.well-known/jwks.json", "/nothing", "/api/v1/nothing", "/api/v1/echo/x"),
        *("/api/v1/mine", "/api/v1/live/halls/NONE", "/live/halls/NONE", "/a/../b", "/%zz"),
    ],
)
async def test_whatever_comes_through_the_door_is_not_to_be_guessed_at(
    client: httpx.AsyncClient, path: str
) -> None:
    for method in ("GET", "DELETE"):
        answer = await client.request(method, path)
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
        is_page = answer.headers["content-type"].startswith("text/html")
        assert len(answer.headers.get_list("content-security-policy")) == int(is_page)


async def test_neither_is_a_live_stream(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/api/v1/live/halls/H001") as answer:
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/app.py",
        "/assets/..%2fapp.py",
        "/assets/none.css",
        "/assets/swagger-ui.css.map",
        "/live/halls/<script>",
        "/live/halls/%3Cscript%3E",
        "/nothing",
    ],
)
async def test_what_is_not_there_is_a_problem_document(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "<script>" not in answer.text


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
REFUSED = [("/nothing", 404), ("/live/halls/NONE", 404), ("/api/v1/nothing", 404)]


@pytest.mark.parametrize(("path", "status"), [*REFUSED, ("/api/v1/mine", 401)])
@pytest.mark.parametrize(("language", "words"), [("zh", "回到首页"), ("en", "To the front page")])
async def test_a_browser_is_shown_a_refusal_as_a_page_in_the_language_that_it_asks_for(
    client: httpx.AsyncClient, path: str, status: int, language: str, words: str
) -> None:
    """A service's refusal too; whatever the browser itself is set to."""
    other = {"zh": "en-GB,en", "en": "zh-CN"}[language]
    headers = {"Accept": BROWSER, "Accept-Language": other}
    document = (await client.get(path, headers={"Accept-Language": language})).json()

    answer = await client.get(f"{path}?lang={language}", headers=headers)

    assert (answer.status_code, answer.headers["content-language"]) == (status, language)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept, Accept-Language"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    for said in (words, document["title"], document["detail"], document["type"]):
        assert said in answer.text
    assert answer.headers["x-request-id"] in answer.text


async def test_without_a_language_in_the_address_the_browsers_own_is_taken(
    client: httpx.AsyncClient,
) -> None:
    english = await client.get("/nothing", headers={"Accept": BROWSER, "Accept-Language": "en"})
    assert "To the front page" in english.text
    assert "回到首页" in (await client.get("/nothing", headers={"Accept": BROWSER})).text


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "application/problem+json, text/html",
        "application/json, text/html;q=0.9, */*;q=0.8",
        "text/html;q=0.5, */*",
        "text/htmlx, */*;q=0.1",
        "text/html;q=none",
        "text/event-stream",
    ],
)
async def test_programs_get_the_problem_document(client: httpx.AsyncClient, accept: str) -> None:
    for path, status in REFUSED:
        answer = await client.get(path, headers={"Accept": accept})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_browser_asks_a_service_in_the_language_of_the_address(
    client: httpx.AsyncClient,
) -> None:
    asked = "/api/v1/echo/x?a=%E5%8D%97&lang=en&b="
    by_browser = (await client.get(asked, headers={"Accept": BROWSER})).json()
    assert by_browser["query"] == "a=%E5%8D%97&b="
    assert ["accept-language", "en"] in by_browser["headers"]
    by_program = (await client.get(asked)).json()
    assert by_program["query"] == "a=%E5%8D%97&lang=en&b="


async def test_a_page_of_a_refusal_runs_nothing_and_leads_nowhere_else(
    client: httpx.AsyncClient,
) -> None:
    for path in ("//elsewhere.example/x", "/<script>alert(1)</script>"):
        page = await client.get(path, headers={"Accept": BROWSER})
        assert page.headers["content-type"].startswith("text/html")
        assert "<script>" not in page.text
        assert not re.search(r'href="(?:https?:)?//', page.text)


async def test_swagger_ui_is_served_from_here(client: httpx.AsyncClient) -> None:
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        answer = await client.get(f"/assets/{name}")
        assert answer.status_code == 200
        assert len(answer.content) > 100_000


@pytest.mark.parametrize(
    "kind",
    [
        "not-found",
        "bad-gateway",
        "gateway-timeout",
        "request-timeout",
        "method-not-allowed",
        "still-running",
        "invalid-token-request",
        "malformed-request",
    ],
)
async def test_a_problem_has_its_place_on_the_page(client: httpx.AsyncClient, kind: str) -> None:
    """Those too that no operation declares: they come before or around any operation."""
    page = await client.get(f"/problems/{kind}")
    assert page.status_code == 200
    assert f'<tr id="{kind}">' in page.text


async def test_a_problem_that_nobody_knows_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/problems/nothing-of-ours")).status_code == 404
