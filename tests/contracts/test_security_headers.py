"""Every answer of every service says `nosniff`, every page brings a policy without scripts."""

import pytest
from httpx import AsyncClient, Response
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.security_headers import PAGE_POLICY, SecurityHeaders
from tests.conftest import Headers

ASKED = (
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/asyncapi.json"),
    ("GET", "/nothing-here"),
    ("DELETE", "/healthz"),
    ("GET", "/api/v1/nothing-here"),
    ("POST", "/api/v1/nothing-here"),
)
OPERATIONS = {
    "appointments": ("/api/v1/halls", "/api/v1/tickets", "/api/v1/appointments"),
    "projects": ("/api/v1/projects", "/api/v1/reports", "/api/v1/matches"),
    "feedback": ("/api/v1/published-letters", "/api/v1/letters", "/api/v1/supervision-orders"),
}


def assert_guarded(answer: Response) -> None:
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"], answer.url
    policies = answer.headers.get_list("content-security-policy")
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    assert len(policies) == 1 if is_page else len(policies) <= 1, answer.url


async def test_every_service_guards_what_it_answers_and_what_it_refuses(
    appointments: AsyncClient, projects: AsyncClient, feedback: AsyncClient, as_: Headers
) -> None:
    services = {"appointments": appointments, "projects": projects, "feedback": feedback}
    for service, client in services.items():
        for method, path in ASKED:
            assert_guarded(await client.request(method, path))
        for path in OPERATIONS[service]:
            for headers in ({}, as_("admin", "*"), {"Authorization": "Bearer forged"}):
                assert_guarded(await client.get(path, headers=headers))
                assert_guarded(await client.post(path, headers=headers, content=b"{"))


async def _headers(app: ASGIApp) -> list[tuple[bytes, bytes]]:
    """What a client is sent by the application behind the guard."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await SecurityHeaders(app)(scope, receive, send)
    headers: list[tuple[bytes, bytes]] = sent[0]["headers"]
    return headers


@pytest.mark.parametrize(
    ("app", "policies"),
    [
        (HTMLResponse("<p>"), [PAGE_POLICY]),
        (HTMLResponse("<p>", media_type="Text/HTML; charset=gbk"), [PAGE_POLICY]),
        (HTMLResponse("<p>", headers={"Content-Security-Policy": "sandbox"}), ["sandbox"]),
        (PlainTextResponse("<p>"), []),
        (PlainTextResponse("<p>", headers={"X-Content-Type-Options": "nosniff"}), []),
    ],
)
async def test_a_page_without_a_policy_gets_one_and_its_own_stays(
    app: ASGIApp, policies: list[str]
) -> None:
    headers = await _headers(app)
    assert [v.decode() for n, v in headers if n == b"content-security-policy"] == policies
    assert [v for n, v in headers if n == b"x-content-type-options"] == [b"nosniff"]


async def test_other_kinds_of_connections_pass() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: object) -> Message:
        return {"type": "lifespan.startup"}

    await SecurityHeaders(app)({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]
    assert seen == ["lifespan"]


def test_the_policy_of_pages_lets_no_script_run() -> None:
    rules = dict(part.strip().split(" ", 1) for part in PAGE_POLICY.split(";"))
    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
