"""Traces leave the process when a collector is named, and only then."""

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy import streams
from tests import support
from tests.conftest import Headers
from tests.shared import notes
from tests.shared.conftest import running
from tests.support import Databases, Tokens

pytestmark = pytest.mark.xdist_group("traces")

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


class Collector:
    """A receiver of OTLP over HTTP that keeps what it is sent."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.spans: list[tuple[str, Any]] = []
        collector = self

        class Receive(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.paths.add(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    names = {a.key: a.value.string_value for a in resource.resource.attributes}
                    for scope in resource.scope_spans:
                        collector.spans += [(names["service.name"], s) for s in scope.spans]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Tests print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receive)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()
    thread.join()


@pytest.fixture(scope="module")
async def alone(databases: Databases, tokens: Tokens) -> AsyncIterator[Any]:
    """A room that nobody else serves: no other application reads its events."""
    urls = databases.new("feedback", "shared_traces")
    with support.nats_server() as server:
        await streams.apply(server.admin_url, subscriptions=notes.subscriptions)
        yield support.settings_for(
            "feedback", urls.owner, server, tokens, nats_url=server.admin_url
        )


async def test_a_request_and_the_event_it_caused_are_one_trace(
    alone: Any, collector: Collector, as_: Headers
) -> None:
    settings = alone.model_copy(update={"otlp_endpoint": collector.address})
    words = uuid4().hex[:12]
    headers = {**as_("citizen"), "traceparent": f"00-{TRACE}-{PARENT}-01"}

    async def handled() -> bool:
        await asyncio.sleep(0)
        return words in notes.handled

    async with running(settings) as client:
        answer = await client.post("/api/v1/notes", json={"words": words}, headers=headers)
        assert answer.status_code == 201
        await support.eventually(handled)
    # The end of the application has sent what was left.
    assert collector.paths == {"/v1/traces"}
    ours = {s.name: s for _, s in collector.spans if s.trace_id.hex() == TRACE}
    assert {service for service, _ in collector.spans} == {"feedback"}
    assert ours["POST feedback"].parent_span_id.hex() == PARENT
    assert ours["test-notes"].parent_span_id == ours["POST feedback"].span_id


def test_the_exporter_is_not_even_imported_without_a_collector() -> None:
    code = "import sys, shared.web.app; print('opentelemetry.exporter' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["ONEDOOR_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_the_collector_is_named_by_our_setting_or_the_standard_one(
    alone: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://collector.example:4318")
    kept = {k: getattr(alone, k) for k in ("database_url", "column_keys", "index_key")}
    assert type(alone)(**kept).otlp_endpoint == "http://collector.example:4318"


async def test_without_a_collector_the_event_stays_in_the_trace_of_the_request(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    given = f"00-{TRACE}-{PARENT}-01"

    async def recorded(**headers: str) -> list[str]:
        words = uuid4().hex[:12]
        signed = as_("citizen") | headers
        await house.post("/api/v1/notes", json={"words": words}, headers=signed)
        found = "SELECT traceparent FROM outbox WHERE position(convert_to($1, 'UTF8') in body) > 0"
        return [row[0] for row in await rows.fetch(found, words)]

    assert await recorded(traceparent=given) == [given]
    for broken in ("00-" + "0" * 32 + f"-{PARENT}-01", "soon", given + "-more"):
        (made,) = await recorded(traceparent=broken)
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", made)
        assert made != broken
    assert await recorded() != await recorded()
