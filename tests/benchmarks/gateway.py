"""`python -m tests.benchmarks.gateway`: forwarding a small GET, against asking directly.

All in one run on the same machine: a small fast upstream, then the same requests through nginx (if
it is installed) and through the gateway, without a token and with one. Ratios tell more than the
absolute figures, which belong to one machine and hour. CPU time is that of the gateway's process.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import cast

import httptools
import uvloop

from deploy.local.servers import free_port
from tests import support
from tests.gateway.processes import environment_of, gateway_command, process
from tests.support import Databases, Tokens

CONNECTIONS, SECONDS, ROUNDS, WARM_SECONDS = 32, 3.0, 3, 1.0
PATH = "/api/v1/small"
BODY = b'{"items":[{"code":"H001","name":"one door","load":{"waiting":3}}],"next_cursor":null}'
DOCUMENT = json.dumps(
    {"paths": {PATH: {"get": {"operationId": "small", "responses": {}}}}, "components": {}}
).encode()
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  keepalive_requests 1000000000;
  upstream service {{ server 127.0.0.1:{to}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""


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
    told = sorted(tally)
    count = len(told)
    result = {
        "per_second": count / SECONDS,
        "p50": told[count // 2] * 1000,
        "p99": told[count * 99 // 100] * 1000,
    }
    sys.stdout.write(json.dumps(result))


@dataclass(frozen=True)
class Result:
    """Medians of the rounds: answers a second, milliseconds, microseconds of CPU an answer."""

    per_second: float
    p50: float
    p99: float
    cpu_us: float


def measured(port: int, token: str, pid: int) -> Result:
    rounds = []
    for _ in range(ROUNDS):
        cpu = cpu_seconds(pid)
        command = [sys.executable, "-m", __spec__.name, "load", str(port), token]
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        answers = told["per_second"] * (SECONDS + WARM_SECONDS)
        rounds.append((told, (cpu_seconds(pid) - cpu) / answers * 1e6))
    return Result(
        per_second=median(told["per_second"] for told, _ in rounds),
        p50=median(told["p50"] for told, _ in rounds),
        p99=median(told["p99"] for told, _ in rounds),
        cpu_us=median(cpu for _, cpu in rounds),
    )


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and its children have used."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        fields = stat.read_text().rpartition(")")[2].split()
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def main() -> None:
    results: dict[str, Result] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = free_port()
        own = (sys.executable, "-m", __spec__.name, "serve", str(upstream))
        pid = stack.enter_context(process(*own, port=upstream))
        databases = Databases(stack.enter_context(support.postgres_server()))
        nats = stack.enter_context(support.nats_server())
        asyncio.run(support.provision_streams(nats))
        tokens = Tokens(folder)
        small = {"small": f"http://127.0.0.1:{upstream}"}
        environment = environment_of(databases["gateway"], nats, tokens, folder, small)
        token = tokens("citizen")
        results["direct"] = measured(upstream, "", pid)
        if nginx := shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"):
            port = free_port()
            conf = folder / "nginx.conf"
            conf.write_text(NGINX.format(folder=folder, port=port, to=upstream))
            with process(nginx, "-c", str(conf), "-p", str(folder), port=port) as pid:
                results["nginx"] = measured(port, "", pid)
        port = free_port()
        with process(*gateway_command(port), port=port, **environment) as pid:
            wait_until_forwarding(port)
            results["gateway"] = measured(port, "", pid)
            results["gateway, token"] = measured(port, token, pid)
    tell(results)


def wait_until_forwarding(port: int) -> None:
    import httpx

    for _ in range(200):
        if httpx.get(f"http://127.0.0.1:{port}{PATH}", trust_env=False).status_code == 200:
            return
        time.sleep(0.05)
    raise RuntimeError("the gateway does not know its upstream")


def tell(results: dict[str, Result]) -> None:
    print(f"small GET, {CONNECTIONS} connections, median of {ROUNDS} rounds of {SECONDS:.0f} s\n")
    print(
        f"{'':18}{'/s':>9}{'of direct':>11}{'of nginx':>10}{'p50 ms':>8}{'p99 ms':>8}{'CPU us':>8}"
    )
    for name, result in results.items():
        rate = result.per_second
        of_nginx = f"{rate / results['nginx'].per_second:.2f}" if "nginx" in results else "-"
        print(
            f"{name:18}{rate:>9,.0f}{rate / results['direct'].per_second:>11.2f}{of_nginx:>10}"
            f"{result.p50:>8.2f}{result.p99:>8.2f}{result.cpu_us:>8.0f}"
        )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", port]:
            uvloop.run(serve(int(port)))
        case ["load", port, token]:
            uvloop.run(load(int(port), token))
        case _:
            main()
