"""`python -m tests.benchmarks.gateway`: forwarding a small GET, against asking directly.

All in one run on the same machine: a small fast upstream, and the same requests through nginx and
Caddy (where they are installed) and through the gateway, without a token and with one; and through
a gateway that forwards each request by a task of its own. All take turns in every round: ratios
tell more than the absolute figures, which belong to one machine and hour. CPU time is that of the
process that forwards, and of its children.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from math import nan
from pathlib import Path
from statistics import median
from typing import cast

import httptools
import uvloop

from deploy.local.servers import free_port
from tests import support
from tests.benchmarks import cpu, goals
from tests.benchmarks.goals import Goal, at_least, at_most
from tests.benchmarks.proxies import Server, peers
from tests.gateway.processes import environment_of, gateway_command, logging_to, process
from tests.support import Databases, Tokens

MINUTES = 2
CONNECTIONS, SECONDS, ROUNDS, WARM_SECONDS = 32, 2.5, 3, 0.5
CPU_GOAL, NGINX_GOAL, P99_GOAL = 50.0, 0.33, 2.0
PATH = "/api/v1/small"
BODY = b'{"items":[{"code":"H001","name":"one door","load":{"waiting":3}}],"next_cursor":null}'
DOCUMENT = json.dumps(
    {"paths": {PATH: {"get": {"operationId": "small", "responses": {}}}}, "components": {}}
).encode()


class Served(asyncio.Protocol):
    """One connection of the upstream: as little work as an answer can be."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_message_complete(self) -> None:
        body = DOCUMENT if self._url.endswith(b".json") else BODY
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Served, "127.0.0.1", port)
    await server.serve_forever()


class Asking(asyncio.Protocol):
    """One connection of the load: the next request when the last is answered."""

    def __init__(self, request: bytes, tally: list[float]) -> None:
        self._request, self._tally = request, tally
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() != 200:
            raise RuntimeError(f"answered {self._parser.get_status_code()}")
        self._tally.append(time.perf_counter() - self._asked_at)
        self._ask()

    def _ask(self) -> None:
        self._asked_at = time.perf_counter()
        self._transport.write(self._request)


async def load(port: int, token: str) -> None:
    """Asks for a while and prints the seconds of every answer."""
    signed = f"authorization: Bearer {token}\r\n" if token else ""
    request = f"GET {PATH} HTTP/1.1\r\nhost: x\r\n{signed}\r\n".encode()
    tally: list[float] = []
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Asking(request, tally), "127.0.0.1", port)
    await asyncio.sleep(WARM_SECONDS)
    tally.clear()
    await asyncio.sleep(SECONDS)
    waits = sorted(tally)
    count = len(waits)
    result = {
        "per_second": count / SECONDS,
        "p50": waits[count // 2] * 1000,
        "p99": waits[count * 99 // 100] * 1000,
    }
    sys.stdout.write(json.dumps(result))


@dataclass(frozen=True)
class Result:
    """Medians of the rounds: answers a second, milliseconds, microseconds of CPU an answer."""

    per_second: float
    p50: float
    p99: float
    cpu_us: float


def measured(servers: Mapping[str, Server]) -> dict[str, Result]:
    """All of them, one after the other in every round."""
    rounds: dict[str, list[Result]] = {name: [] for name in servers}
    for number in range(ROUNDS):
        for name, server in list(servers.items())[:: -1 if number % 2 else 1]:
            rounds[name].append(once(server))
        goals.show(f"  round {number + 1} of {ROUNDS}")

    def middle(results: list[Result], of: Callable[[Result], float]) -> float:
        return median(of(each) for each in results)

    return {
        name: Result(
            middle(results, lambda r: r.per_second),
            middle(results, lambda r: r.p50),
            middle(results, lambda r: r.p99),
            middle(results, lambda r: r.cpu_us),
        )
        for name, results in rounds.items()
    }


def once(server: Server) -> Result:
    before = cpu.seconds(server.pid)
    command = [sys.executable, "-m", __spec__.name, "load", str(server.port), server.token]
    printed = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    used = cpu.seconds(server.pid) - before
    answers = printed["per_second"] * (SECONDS + WARM_SECONDS)
    return Result(printed["per_second"], printed["p50"], printed["p99"], used / answers * 1e6)


def main() -> list[Goal]:
    goals.begin("gateway", MINUTES, f"a small GET, {CONNECTIONS} connections")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = free_port()
        own = (sys.executable, "-m", __spec__.name, "serve", str(upstream))
        servers = {"direct": Server(upstream, stack.enter_context(process(*own, port=upstream)))}
        servers |= peers(stack, folder, upstream)
        servers |= gateways(stack, folder, upstream)
        results = measured(servers)
    show(results)
    return aims(results)


def gateways(stack: ExitStack, folder: Path, upstream: int) -> dict[str, Server]:
    databases = Databases(stack.enter_context(support.postgres_server()))
    nats = stack.enter_context(support.nats_server())
    asyncio.run(support.provision_streams(nats))
    tokens = Tokens(folder)
    small = {"small": f"http://127.0.0.1:{upstream}"}
    environment = environment_of(databases["gateway"], nats, tokens, folder, small)
    found: dict[str, Server] = {}
    log = stack.enter_context((folder / "gateway.log").open("wb"))
    for name, directly in (("gateway", "true"), ("by tasks", "false")):
        port = free_port()
        own = {**environment, "GATEWAY_FORWARD_DIRECTLY": directly}
        command = gateway_command(port)
        pid = stack.enter_context(logging_to(log, *command, port=port, **own))
        wait_until_forwarding(port)
        found[name] = Server(port, pid)
        found[f"{name}, token"] = Server(port, pid, tokens("citizen"))
    return found


def wait_until_forwarding(port: int) -> None:
    import httpx

    for _ in range(200):
        if httpx.get(f"http://127.0.0.1:{port}{PATH}", trust_env=False).status_code == 200:
            return
        time.sleep(0.05)
    raise RuntimeError("the gateway does not know its upstream")


def show(results: Mapping[str, Result]) -> None:
    print(f"\nmedians of {ROUNDS} rounds of {SECONDS:g} s\n")
    print(
        f"{'':18}{'/s':>9}{'of direct':>11}{'of nginx':>10}{'p50 ms':>8}{'p99 ms':>8}{'CPU us':>8}"
    )
    for name, result in results.items():
        rate = result.per_second
        of_nginx = f"{rate / results['nginx'].per_second:.2f}" if "nginx" in results else "-"
        print(
            f"{name:18}{rate:>9,.0f}{rate / results['direct'].per_second:>11.2f}{of_nginx:>10}"
            f"{result.p50:>8.2f}{result.p99:>8.2f}{result.cpu_us:>8.1f}"
        )


def aims(results: Mapping[str, Result]) -> list[Goal]:
    """With a token; against others as far as they are installed."""
    ours = results["gateway, token"]
    found = [at_most("gateway: CPU a forwarded request", ours.cpu_us, CPU_GOAL, "us")]
    if nginx := results.get("nginx"):
        of_nginx = ours.per_second / nginx.per_second
        found.append(at_least("gateway / nginx", of_nginx, NGINX_GOAL))
        found.append(at_most("gateway: p99 / that of nginx", ours.p99 / nginx.p99, P99_GOAL))
    if caddy := results.get("Caddy"):
        found.append(at_least("gateway / Caddy", ours.per_second / caddy.per_second, 1.0))
    absent = [name for name in ("nginx", "Caddy") if name not in results]
    return [*found, *(Goal(f"gateway / {name}: not installed", nan) for name in absent)]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", port]:
            uvloop.run(serve(int(port)))
        case ["load", port, token]:
            uvloop.run(load(int(port), token))
        case _:
            goals.finish(main())
