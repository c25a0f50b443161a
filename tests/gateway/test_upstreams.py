"""Which service answers a path, and when one is left alone for a moment."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from services.gateway.forwarding.exchange import Deadline, Outgoing
from services.gateway.forwarding.turns import place
from services.gateway.upstreams.breaker import Breaker
from services.gateway.upstreams.directory import (
    LONGEST_REMEMBERED_SECONDS,
    Directory,
    Operation,
    operations_of,
)
from services.gateway.upstreams.registry import Registry
from services.gateway.upstreams.response import READ_AHEAD
from services.gateway.upstreams.upstream import CircuitOpen, Upstream
from shared.web.gate import Priority
from tests.gateway.loopback_server import answering, raw_server
from tests.support import eventually


def directory(*paths: str) -> Directory:
    document = {"paths": {path: {"get": {"operationId": path}} for path in paths}}
    return Directory(operations_of("s", document))


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/api/v1/halls", "/api/v1/halls"),
        ("/api/v1/halls/H001", "/api/v1/halls/{hall}"),
        ("/api/v1/halls/nearest", "/api/v1/halls/nearest"),
        ("/api/v1/halls/nearest/queue", "/api/v1/halls/{hall}/queue"),
        ("/api/v1/schedules:propose", "/api/v1/schedules:propose"),
        ("/api/v1/reports/2026.csv", "/api/v1/reports/{year}.csv"),
        ("/api/v1/reports/2026", "/api/v1/reports/{year}"),
        ("/api/v1/大厅/x", "/api/v1/大厅/x"),
        ("/api/v1/nothing", None),
        ("/api/v1/halls/", None),
        ("/api/v1", None),
        ("/healthz", None),
    ],
)
def test_finds_the_operation_of_a_path(path: str, template: str | None) -> None:
    known = directory(
        "/api/v1/halls",
        "/api/v1/halls/{hall}",
        "/api/v1/halls/nearest",
        "/api/v1/halls/{hall}/queue",
        "/api/v1/schedules:propose",
        "/api/v1/reports/{year}.csv",
        "/api/v1/reports/{year}",
        "/api/v1/大厅/x",
        "/healthz",
    )
    found = known.at(path).get("GET")
    assert (found.template if found else None) == template


def test_reads_what_a_document_says_of_an_operation() -> None:
    said = {
        "operationId": "export",
        "x-deadline-seconds": 900,
        "x-operation-class": "export",
        "x-priority": "export",
        "x-remembered-seconds": 1,
    }
    document = {"paths": {"/api/v1/a": {"get": said, "post": {"operationId": "make"}}}}
    export, make = sorted(operations_of("s", document), key=lambda o: o.method)
    assert (export.operation_class, export.deadline_seconds) == ("export", 60)
    assert (make.operation_class, make.deadline_seconds) == ("writing", 1.8)
    assert (export.priority, export.remembered_seconds) == (Priority.EXPORT, 1)
    assert (make.priority, make.remembered_seconds) == (Priority.BOOKING, 0)


def test_only_what_is_public_is_remembered() -> None:
    def remembered(**said: object) -> float:
        document = {"paths": {"/api/v1/a": {"get": {"x-remembered-seconds": 3, **said}}}}
        return operations_of("s", document)[0].remembered_seconds

    assert remembered(security=[{}, {"OneDoor": []}]) == 3
    assert remembered(security=[{"OneDoor": ["clerk"]}]) == 0
    assert remembered(**{"x-remembered-seconds": 900}) == LONGEST_REMEMBERED_SECONDS


def test_a_breaker_opens_after_failures_in_a_row_and_tries_now_and_then() -> None:
    breaker = Breaker(threshold=3, trial_seconds=1)
    for _ in range(2):
        breaker.failed(0.0)
    breaker.succeeded()
    for _ in range(3):
        assert breaker.allows(1.0)
        breaker.failed(1.0)
    assert not breaker.allows(1.5)
    assert breaker.allows(2.1)
    assert not breaker.allows(2.2)
    breaker.succeeded()
    assert breaker.allows(2.3)


def test_a_trial_in_vain_puts_off_the_next_and_no_wait_in_vain_opens_a_breaker() -> None:
    breaker = Breaker(threshold=3, trial_seconds=1)
    for _ in range(3):
        breaker.unanswered(0.0)
    assert breaker.allows(0.0)
    for _ in range(3):
        breaker.failed(0.0)
    assert breaker.allows(1.1)
    breaker.unanswered(2.9)
    assert not breaker.allows(3.0)
    assert breaker.allows(4.0)


async def test_who_asks_after_somebody_waited_in_vain_is_refused_at_once() -> None:
    async def stay() -> MutableMapping[str, Any]:
        gone: asyncio.Future[MutableMapping[str, Any]] = asyncio.get_running_loop().create_future()
        return await gone

    upstream = Upstream("s", "http://127.0.0.1:9", breaker=Breaker(trial_seconds=3600))
    operation = Operation("s", "GET", "/api/v1/x", "x")
    outgoing, deadline = Outgoing(b"", b"", None, may_repeat=True), Deadline(stay)
    visit = await upstream.enter(Priority.READING, within=1)
    for _ in range(3):
        upstream.breaker.failed(-7200.0)
    with pytest.raises(TimeoutError):
        async with place(upstream, operation, outgoing, deadline, 1.8, visit):
            raise TimeoutError
    deadline.rest()
    with pytest.raises(CircuitOpen):
        await upstream.enter(Priority.READING, within=1)


async def test_what_the_door_asks_for_itself_says_how_long_it_waits() -> None:
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async with raw_server(handle) as address:
        assert await Upstream("s", address).get("/x", seconds=1.5) == (200, b"")
    assert b"\r\nx-deadline-seconds: 1.500\r\n" in heads[0]


async def test_a_service_that_is_not_there_yet_is_found_when_it_comes() -> None:
    document = b'{"paths": {"/api/v1/x": {"get": {"operationId": "x"}}}}'
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(document), document)
    async with raw_server(answering(b"")) as address:
        pass
    port = int(address.rpartition(":")[2])
    registry = Registry({"s": address}, own=dict)
    registry.start()
    running = asyncio.create_task(registry.run())
    try:
        await asyncio.sleep(0.3)
        assert list(registry.missing) == ["s"]

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", port)

        async def found() -> bool:
            return "GET" in registry.directory.at("/api/v1/x")

        await eventually(found)
        assert not registry.missing
        server.close()
    finally:
        running.cancel()
        registry.close()


async def test_an_answer_read_late_to_its_end_spoils_its_connection_for_nobody() -> None:
    last_byte_too_much = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (READ_AHEAD + 1)
    answers = last_byte_too_much + b"x" * (READ_AHEAD + 1), b"HTTP/1.1 204 No Content\r\n\r\n"
    async with raw_server(answering(*answers)) as address:
        pool = Upstream("s", address).pool
        connection = await pool.fresh()
        large = connection.ask(b"GET / HTTP/1.1\r\nhost: s\r\n\r\n")

        async def all_came() -> bool:
            return large.complete

        await eventually(all_came)
        assert sum([len(piece) async for piece in large.chunks()]) == READ_AHEAD + 1
        pool.give_back(connection)
        assert (kept := pool.kept()) is connection
        async with asyncio.timeout(10):
            next_answer = kept.ask(b"GET / HTTP/1.1\r\nhost: s\r\n\r\n")
            await next_answer.head()
        assert next_answer.status == 204
        kept.abort()
