"""The short way through the framework answers as the standard stack does, whatever is asked."""

import inspect
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, NamedTuple

import pytest

from deploy.local.nats import NatsServer
from shared.security.identity import ROLES
from shared.web import dependencies
from shared.web.documents import routes_of
from shared.web.lean_stack import Directory
from shared.web.solving.internals import Dependant
from tests import support
from tests.contracts import odd_requests
from tests.contracts.odd_requests import Odd
from tests.support import Databases, Tokens

pytestmark = pytest.mark.slow

SERVICES = {
    "appointments": ("POST", b"/api/v1/appointments"),
    "projects": ("GET", b"/api/v1/duties"),
    "feedback": ("POST", b"/api/v1/letters"),
}
"""With an operation each that is asked for everything."""
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
_CHANGING = re.compile(
    rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+|\.\d+"
)


class Answer(NamedTuple):
    """Everything that a client gets, but for ids and moments."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    defect: str


class Stack:
    """One application, asked in this process."""

    def __init__(self, app: Any, state: dict[str, Any]) -> None:
        self._app, self._state = app, state

    async def ask(self, odd: Odd, signed: dict[str, str]) -> Answer:
        messages: list[dict[str, Any]] = []
        half = len(odd.body) // 2
        pieces = [odd.body[half:], odd.body[:half]]

        async def receive() -> dict[str, Any]:
            if not pieces:
                return {"type": "http.disconnect"}
            piece = pieces.pop()
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        scope = {**odd_requests.scope_of(odd, signed), "state": dict(self._state)}
        defect = ""
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            defect = type(error).__name__
        (start, *parts) = messages
        headers = [(name, _CHANGING.sub(b"~", value)) for name, value in start["headers"]]
        whole = b"".join(part.get("body", b"") for part in parts)
        return Answer(start["status"], headers, _CHANGING.sub(b"~", whole), defect)


@asynccontextmanager
async def _running(app: Any) -> AsyncIterator[Stack]:
    async with app.router.lifespan_context(app) as state:
        yield Stack(app, dict(state))


@pytest.fixture
async def stacks(
    request: pytest.FixtureRequest,
    databases: Databases,
    bus: NatsServer,
    tokens: Tokens,
) -> AsyncIterator[tuple[Any, Stack, Stack]]:
    service = request.param
    async with AsyncExitStack() as stack:
        made: list[Any] = []
        for standard in (False, True):
            settings = support.settings_for(
                service,
                databases[service],
                bus,
                tokens,
                background=False,
                standard_stack=standard,
            )
            app = import_module(f"services.{service}.app").create_app(settings)
            app.dependency_overrides[dependencies.present] = _now
            made += [app, await stack.enter_async_context(_running(app))]
        yield made[0], made[1], made[3]


async def _now() -> datetime:
    return NOW


@pytest.mark.parametrize(
    ("stacks", "service"), [(one, one) for one in SERVICES], indirect=["stacks"]
)
async def test_both_stacks_answer_the_same_to_the_last_byte(
    stacks: tuple[Any, Stack, Stack], service: str, tokens: Tokens
) -> None:
    app, lean, standard = stacks
    everybody = tokens("admin", "*", sub="everybody", roles=list(ROLES))
    signatures = {
        None: {},
        "everybody": {"authorization": f"Bearer {everybody}"},
        "citizen": {"authorization": f"Bearer {tokens('citizen')}"},
    }
    other, asked = [], 0
    for odd in _table(app.openapi(), *SERVICES[service]):
        asked += 1
        signed = signatures[odd.who]
        here, there = await lean.ask(odd, signed), await standard.ask(odd, signed)
        if here != there and not (here.status < 300 and odd.method in ("POST", "PUT")):
            other.append(f"{odd.label}\n    {here}\n    {there}")
    assert not other, f"{len(other)} of {asked}:\n" + "\n".join(other[:20])
    assert asked > 1000
    assert await _counted(lean) == await _counted(standard)


async def _counted(stack: Stack) -> list[bytes]:
    """What was counted of the requests, by method, route and status."""
    figures = (await stack.ask(Odd("GET", b"/metrics"), {})).body
    return sorted(line for line in figures.splitlines() if line.startswith(b"http_requests_total"))


STANDARD = {
    "appointments": {"add_pre_check_file"},
    "projects": {
        *("dry_run", "import_projects", "adopt_pack", "upload_release_document"),
        *("read_report_csv", "read_report_json", "read_report_page", "read_report_workbook"),
        *("read_dispute_notice", "read_exemption_notice", "read_rectification_notice"),
        "read_project_page",
        "get_evidence_warc",
    },
    "feedback": {"import_departments"},
}
"""What takes large bodies or has an address with an ending; everything else goes the short way."""


@pytest.mark.parametrize("service", SERVICES)
def test_what_takes_the_standard_stack_is_known(
    service: str, databases: Databases, bus: NatsServer, tokens: Tokens
) -> None:
    settings = support.settings_for(service, databases[service], bus, tokens)
    app = import_module(f"services.{service}.app").create_app(settings)
    directory = Directory(app)
    taken = {
        operation["operationId"]
        for template, item in app.openapi()["paths"].items()
        for verb, operation in item.items()
        if directory.find(re.sub(r"\{[^}]+\}", "x", template), verb.upper()) is None
    }
    assert taken == STANDARD[service]


@pytest.mark.parametrize("service", [*SERVICES, "gateway"])
def test_no_request_waits_for_a_thread(
    service: str, databases: Databases, bus: NatsServer, tokens: Tokens
) -> None:
    """FastAPI takes one for each function that is not a coroutine."""
    settings = support.settings_for(service, databases[service], bus, tokens)
    app = import_module(f"services.{service}.app").create_app(settings)
    waiting = {
        f"{route.path}: {getattr(each.call, '__name__', each.call)}"
        for route in routes_of(app)
        for each in _calls(route.dependant)
        if inspect.isfunction(each.call)
        and not inspect.iscoroutinefunction(each.call)
        and not inspect.isasyncgenfunction(each.call)
    }
    assert waiting == set()


def _calls(own: Dependant) -> Iterator[Dependant]:
    yield own
    for each in own.dependencies:
        yield from _calls(each)


def _table(document: dict[str, Any], method: str, path: bytes) -> Iterator[Odd]:
    operations = [
        (verb.upper(), template, "requestBody" in operation)
        for template, item in document["paths"].items()
        for verb, operation in item.items()
    ]
    yield from odd_requests.of_every(operations)
    yield from odd_requests.of_one(method, path)
    yield from odd_requests.of_one("GET", path)
    yield from odd_requests.addresses(path)
