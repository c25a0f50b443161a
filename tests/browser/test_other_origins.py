"""A page of another origin calls the API in a real browser, and reads what it may."""

import http.server
import json
import threading
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page

from deploy.local.nats import NatsServer
from deploy.local.servers import free_port
from tests.browser import chromium
from tests.gateway.processes import environment_of, gateway_command, process, served
from tests.support import Databases, Tokens

pytestmark = [chromium.needed, pytest.mark.slow, pytest.mark.xdist_group("gateway")]

CALL = """
async ([address, token]) => {
  try {
    const answer = await fetch(address, {
      method: "PUT",
      headers: {
        "Authorization": `Bearer ${token}`, "Content-Type": "application/json",
        "Idempotency-Key": "a-key-of-a-page-of-another-origin", "If-Match": '"1"',
      },
      body: "{}",
    });
    return { status: answer.status, request: answer.headers.get("x-request-id"),
             rate: answer.headers.get("ratelimit"), body: await answer.json() };
  } catch (error) {
    return { error: error.name };
  }
}
"""
LISTEN = """
(address) => new Promise((done) => {
  const source = new EventSource(address);
  source.addEventListener("display", () => { source.close(); done("heard"); });
  source.onerror = () => { source.close(); done("kept out"); };
})
"""


class _EmptyPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>another site</title>")

    def log_message(self, *_: object) -> None:
        """Nothing on the console."""


@pytest.fixture(scope="module")
def sites() -> Iterator[list[str]]:
    """Two other sites; the gateway knows the first."""
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def door(
    databases: Databases,
    bus: NatsServer,
    tokens: Tokens,
    tmp_path_factory: pytest.TempPathFactory,
    sites: list[str],
) -> Iterator[str]:
    port, behind = free_port(), free_port()
    environment = environment_of(
        databases["gateway"],
        bus,
        tokens,
        tmp_path_factory.mktemp("gateway"),
        {"appointments": f"http://127.0.0.1:{behind}"},
    )
    keys = {"ONEDOOR_JWKS_URL": f"file://{tokens.jwks}"}
    environment["GATEWAY_CORS_ORIGINS"] = f"https://city.example,{sites[0]}"
    with (
        process(*served("tests.gateway.service:create", behind), port=behind, **keys),
        process(*gateway_command(port), port=port, **environment),
    ):
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(transport=httpx.HTTPTransport(retries=3), trust_env=False) as client:
            for _ in range(600):
                if client.get(f"{url}/readyz").status_code == 200:
                    break
                threading.Event().wait(0.1)
        yield url


def test_a_page_of_a_known_origin_calls_with_a_token_and_reads_the_head(
    page: Page, door: str, sites: list[str], tokens: Tokens
) -> None:
    page.goto(sites[0])
    told = page.evaluate(CALL, [f"{door}/api/v1/echo/x", tokens("citizen")])
    assert (told.get("status"), told.get("body", {}).get("method")) == (200, "PUT"), told
    assert told["request"]
    assert "r=" in told["rate"]
    assert {"idempotency-key", "if-match"} <= {name for name, _ in told["body"]["headers"]}
    refused = page.evaluate(CALL, [f"{door}/api/v1/echo/x", "forged"])
    assert (refused["status"], refused["body"]["type"]) == (401, "/problems/unauthorized")
    assert page.evaluate(LISTEN, f"{door}/api/v1/live/halls/H001") == "heard"


def test_a_page_of_any_other_origin_is_kept_out_by_the_browser(
    page: Page, door: str, sites: list[str], tokens: Tokens
) -> None:
    page.goto(sites[1])
    told = page.evaluate(CALL, [f"{door}/api/v1/echo/x", tokens("citizen")])
    assert told == {"error": "TypeError"}, json.dumps(told)
    assert page.evaluate(LISTEN, f"{door}/api/v1/live/halls/H001") == "kept out"


@pytest.mark.parametrize("address", ["/openapi.json", "/docs"])
def test_the_browser_reads_what_came_compressed(page: Page, door: str, address: str) -> None:
    answer = page.goto(door + address)
    assert answer is not None
    assert answer.all_headers()["content-encoding"] in ("zstd", "gzip")
    assert "一扇门" in answer.text()
