"""What the gateway does so that a crowd does not take a service down."""

import asyncio
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from services.gateway.entrance import Entrance
from services.gateway.forwarding.forward import Forwarding
from services.gateway.forwarding.headers import Proxies
from services.gateway.forwarding.marks import Marks
from services.gateway.forwarding.remembered import STALE_SECONDS, Remembered, question
from services.gateway.limits import rules as limits
from services.gateway.limits.open_streams import OpenStreams
from services.gateway.middleware import GatewayMiddleware
from services.gateway.upstreams.directory import Operation
from services.gateway.upstreams.registry import Registry
from shared.observability.metrics import Metrics
from shared.web.gate import Priority
from shared.web.patience import priority_of
from tests.conftest import Headers
from tests.gateway.conftest import Running
from tests.gateway.loopback_server import listening
from tests.gateway.test_metrics import figure


async def test_the_service_is_told_how_long_its_caller_waits(client: httpx.AsyncClient) -> None:
    async def told(**headers: str) -> dict[str, str]:
        answer = await client.get("/api/v1/echo/x", headers=headers)
        return dict(answer.json()["headers"])

    usual = await told()
    assert 1 < float(usual["x-deadline-seconds"]) <= 1.8
    hasty = await told(**{"x-deadline-seconds": "0.5"})
    assert 0 < float(hasty["x-deadline-seconds"]) <= 0.5
    greedy = await told(**{"x-deadline-seconds": "900"})
    assert float(greedy["x-deadline-seconds"]) <= 1.8


async def test_a_client_in_a_hurry_takes_nothing_from_what_others_may_ask(door: Running) -> None:
    async def allowed() -> float:
        return await figure(door.client, 'upstream_limit{service="appointments"}')

    async def hurried() -> None:
        hurry = {"x-deadline-seconds": "0.01"}
        answer = await door.client.get("/api/v1/slow?seconds=0.1", headers=hurry)
        assert answer.status_code == 504
        await asyncio.sleep(0.35)  # a limit is cut once in the time that an answer should take

    before = await allowed()
    with capture_logs() as logged:
        for _ in range(5):
            await hurried()
    assert await allowed() == before
    assert not [line for line in logged if line["event"] == "upstream_timed_out"]
    assert (await door.client.get("/api/v1/echo/x")).status_code == 200


async def test_the_service_is_told_what_comes_first_and_no_client_says_so(
    client: httpx.AsyncClient,
) -> None:
    claims = {"x-onedoor-priority": "window"}
    read = (await client.get("/api/v1/echo/x", headers=claims)).json()
    written = (await client.post("/api/v1/echo/x", headers=claims)).json()
    said = [
        [v for n, v in each["headers"] if n == "x-onedoor-priority"] for each in (read, written)
    ]
    assert said == [["reading"], ["booking"]]
    assert (await client.get("/api/v1/patient", headers=claims)).json()["priority"] == "window"


async def test_the_doors_own_operations_believe_no_client_how_soon_they_are_answered() -> None:
    document = {
        "paths": {
            "/api/v1/own": {"get": {"x-priority": "export"}, "post": {}},
        }
    }
    found: list[Priority] = []

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(priority_of(scope))
        assert not [name for name, value in scope["headers"] if value == b"claimed"]
        start: Message = {"type": "http.response.start", "status": 204, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    registry, proxies = Registry({}, own=lambda: document), Proxies([])
    forwarding = Forwarding(body_limit=1, proxies=proxies)
    gateway = GatewayMiddleware(
        behind,
        entrance=Entrance(
            registry=registry, proxies=proxies, rates=limits.rates(1), metrics=Metrics()
        ),
        forwarding=forwarding,
        remembered=Remembered(registry, forwarding, Marks(None)),
        streams=behind,
        open_streams=OpenStreams(1),
    )
    registry.start()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await gateway({**scope, "state": {}}, receive, send)

    claims = {"x-onedoor-priority": "window", "x-onedoor-network": "claimed"}
    async with (
        listening(app) as address,
        httpx.AsyncClient(base_url=address, headers=claims, trust_env=False) as client,
    ):
        for method, path in (("GET", "/api/v1/own"), ("POST", "/api/v1/own"), ("GET", "/docs")):
            assert (await client.request(method, path)).status_code == 204
    assert found == [Priority.EXPORT, Priority.BOOKING, Priority.READING]


async def test_that_nothing_is_done_twice_is_said_only_where_it_is_so(door: Running) -> None:
    async def advised(method: str, path: str = "slow", **headers: str) -> str:
        hurry = {"x-deadline-seconds": "0.01", "accept-language": "en", **headers}
        answer = await door.client.request(method, f"/api/v1/{path}?seconds=0.1", headers=hurry)
        assert answer.status_code == 504
        return str(answer.json()["detail"])

    assert await advised("GET") == "Please read it again in a moment"
    assert "look first" in await advised("POST")
    assert "nothing is done twice" in await advised("POST", **{"idempotency-key": "k" * 16})


async def test_screens_that_ask_together_cost_the_service_one_question(door: Running) -> None:
    before = len(door.calls.looked)
    answers = await asyncio.gather(*(door.client.get("/api/v1/screen/a") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert door.calls.looked[before:] == ["a"]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 50
    english = await door.client.get("/api/v1/screen/a", headers={"accept-language": "en"})
    assert english.text == "a en False"
    assert door.calls.looked[before:] == ["a", "a"]


async def test_however_a_question_is_spelt_it_is_asked_once(door: Running) -> None:
    async def see(path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
        return await door.client.request(method, f"/api/v1/{path}", headers=headers)

    before = len(door.calls.looked)
    answers = await asyncio.gather(
        see("screen/spelt"),
        see("screen/spelt?_=1764400000"),
        see("screen/%73pel%74?_a=1&_b=2"),
        see("screen/spelt", **{"accept-language": "zh-CN,zh;q=0.9"}),
        see("screen/spelt", **{"accept-language": "fr;q=0.7"}),
        see("screen/spelt", method="HEAD"),
    )
    assert door.calls.looked[before:] == ["spelt"]
    assert [answer.text for answer in answers] == ["spelt zh False"] * 5 + [""]
    assert answers[-1].headers["content-length"] == "14"
    assert answers[-1].headers["etag"] == answers[0].headers["etag"]


NAMES, VALUES = ("a", "b c", "_", "_a", "é&="), ("", "x", "%", "+ y")


@given(pairs=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=8))
def test_a_question_asks_what_the_request_does_in_any_order(pairs: list[tuple[str, str]]) -> None:
    asked = question(b"/api/v1/x", urlencode(pairs).encode(), b"")
    again = question(b"/api/v1/%78", urlencode([*pairs, ("_", "1")]).encode(), b"zh")
    sent = parse_qsl(asked.target.partition(b"?")[2].decode(), keep_blank_values=True)
    counting = [pair for pair in pairs if not pair[0].startswith("_")]
    assert asked == again
    assert sent == sorted(counting, key=lambda pair: pair[0])


async def test_from_memory_too_nothing_is_sent_that_is_known(client: httpx.AsyncClient) -> None:
    first = await client.get("/api/v1/screen/b")
    again = await client.get("/api/v1/screen/b", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-length" not in again.headers
    other = await client.get("/api/v1/screen/b", headers={"if-none-match": 'W/"x"'})
    assert other.status_code == 200


async def test_whoever_has_changed_something_sees_it_at_once(door: Running, as_: Headers) -> None:
    signed = as_("citizen", sub="writes-and-reads")
    await door.client.get("/api/v1/screen/c", headers=signed)
    await door.client.post("/api/v1/echo/x", headers=signed)
    before = len(door.calls.looked)
    answer = await door.client.get("/api/v1/screen/c", headers=signed)
    assert answer.text.endswith("True")  # asked for this caller, not for everybody
    assert door.calls.looked[before:] == ["c"]


def test_nothing_from_before_a_change_is_shown_to_who_made_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operation = Operation("s", "GET", "/x", "x", remembered_seconds=3)
    forwarding = Forwarding(body_limit=1, proxies=Proxies([]))
    memory, now = Remembered(Registry({}, own=dict), forwarding, Marks(None)), 1000.0
    monkeypatch.setattr("services.gateway.forwarding.remembered.time.monotonic", lambda: now)
    memory.changed("sub:a")
    now += STALE_SECONDS + 3 + operation.deadline_seconds
    assert not memory.serves(operation, "sub:a")
    assert memory.serves(operation, "sub:b")
    assert memory.serves(operation, None)
    now += operation.deadline_seconds + 0.1
    assert memory.serves(operation, "sub:a")


async def test_what_was_asked_before_is_not_remembered_over_what_was_renewed_meanwhile() -> None:
    operation = Operation("s", "GET", "/x", "x", remembered_seconds=3)
    registry = Registry({"s": "http://localhost:9"}, own=dict)
    asked, go_on = asyncio.Event(), asyncio.Event()
    begun: list[int] = []

    async def forwarding(*given: Any) -> None:
        send, number = given[-1], len(begun)
        begun.append(number)
        asked.set()
        if number == 0:
            await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % number})

    memory = Remembered(registry, cast(Forwarding, forwarding), Marks(None))
    shown: list[bytes] = []

    async def show(message: Message) -> None:
        shown.append(message.get("body", b""))

    request = {"headers": [], "raw_path": b"/x", "query_string": b"", "state": {}}
    early = asyncio.create_task(memory.answer(operation, request, show))
    await asked.wait()
    assert (await memory.renewed(operation, b"/x")).body == b"1"
    go_on.set()
    await early
    await memory.answer(operation, request, show)
    assert b"".join(shown) == b"11", "who asked first is given the newer answer too"


def test_what_was_changed_through_one_worker_is_known_to_the_others(tmp_path: Path) -> None:
    operation = Operation("s", "GET", "/x", "x", remembered_seconds=3)
    forwarding = Forwarding(body_limit=1, proxies=Proxies([]))
    one, other = (Remembered(Registry({}, own=dict), forwarding, Marks(tmp_path)) for _ in range(2))
    one.changed("sub:a")
    assert not other.serves(operation, "sub:a")
    assert other.serves(operation, "sub:b")


async def test_a_busy_service_is_answered_for_with_what_it_said_last(door: Running) -> None:
    first = await door.client.get("/api/v1/screen/d")
    door.calls.busy = True
    try:
        before = len(door.calls.looked)
        while len(door.calls.looked) == before:  # until it was asked anew
            answer = await door.client.get("/api/v1/screen/d")
            assert (answer.status_code, answer.text) == (200, first.text)
            await asyncio.sleep(0.05)
        unknown = await door.client.get("/api/v1/screen/never-seen")
        assert unknown.status_code == 503
    finally:
        door.calls.busy = False


async def test_nothing_is_done_for_who_has_gone_before_their_turn(door: Running) -> None:
    """The end of a connection that is already there is read before its request is worked on."""
    begun: list[str] = []

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append(scope["path"])
        start: Message = {"type": "http.response.start", "status": 204, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        gateway = object.__new__(GatewayMiddleware)
        gateway._enter = behind  # type: ignore[method-assign]
        await gateway(scope, receive, send)

    async with listening(app) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        for path in (b"/left", b"/stays"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            if path == b"/stays":
                assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 204")
            writer.transport.abort()
    assert begun == ["/stays"]
