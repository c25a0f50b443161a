"""What the benchmarks stand on: private servers, and services in processes as in production."""

import asyncio
import contextlib
import os
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import httpx

from deploy import streams
from deploy.local.nats import NatsServer
from deploy.local.postgres import PostgresServer
from deploy.local.servers import free_port
from tests import support
from tests.benchmarks import cpu, load
from tests.benchmarks.load import Chain, Loaded
from tests.benchmarks.proxies import Server
from tests.gateway.processes import environment_of, gateway_command, logging_to, served
from tests.support import Databases, Tokens

READY_SECONDS = 120.0
"""Where others keep the machine busy."""
HOURS = 3600
"""Tokens last longer than the longest benchmark, so that none is refused in the middle."""

PRODUCTION = {
    "ONEDOOR_ENV": "production",
    "ONEDOOR_COLUMN_KEYS": "bench:" + b64encode(os.urandom(32)).decode(),
    "ONEDOOR_INDEX_KEY": b64encode(os.urandom(32)).decode(),
}
"""Its log, and keys that it takes."""


class Spent(NamedTuple):
    """A measured load, and the microseconds of CPU that each process spent on one of it."""

    loaded: Loaded
    micros: Mapping[str, float]


@dataclass(frozen=True)
class Ground:
    """The servers of one benchmark, and who signs its tokens."""

    pg: PostgresServer
    nats: NatsServer
    tokens: Tokens
    databases: Databases
    folder: Path

    def watch(self, servers: Mapping[str, Server]) -> cpu.Watch:
        """Begins to count the CPU time of these, and of PostgreSQL and NATS."""
        own = {"PostgreSQL": self.pg.running.pid, "NATS": self.nats.running.pid}
        return cpu.Watch({name: one.pid for name, one in servers.items()} | own)

    def ask(
        self,
        servers: Mapping[str, Server],
        port: int,
        chains: Sequence[Chain],
        clients: int = load.CLIENTS,
    ) -> Spent:
        """Sends the chains to that port, while these servers are watched."""
        watch = self.watch(servers)
        loaded = load.run(port, chains, clients)
        return Spent(loaded, cpu.per(watch.used(), max(len(loaded.waits), 1)))

    def token(self, role: str, *places: str, sub: str | None = None) -> str:
        return self.tokens(role, *places, sub=sub, exp=int(time.time()) + HOURS)

    @contextmanager
    def service(self, name: str, **own: str) -> Iterator[Server]:
        """The service as it is deployed, ready; `own` are settings without its name:
        `workers="2"`, `background="false"`."""
        prefix = name.upper()
        environment = {
            **PRODUCTION,
            "ONEDOOR_JWKS_URL": f"file://{self.tokens.jwks}",
            f"{prefix}_DATABASE_URL": self.databases[name],
            f"{prefix}_NATS_URL": self.nats.url(name),
            **{f"{prefix}_{key.upper()}": value for key, value in own.items()},
        }
        port = free_port()
        command = served(f"services.{name}.app:create_app", port)
        with self._log(name) as log, logging_to(log, *command, port=port, **environment) as pid:
            wait_for(port, "/readyz", 200)
            yield Server(port, pid)

    @contextmanager
    def gateway(self, behind: Mapping[str, Server], *, knows: str) -> Iterator[Server]:
        """A gateway in front of the services, once it knows that path, which anybody may read."""
        upstreams = {name: f"http://127.0.0.1:{server.port}" for name, server in behind.items()}
        environment = environment_of(
            self.databases["gateway"], self.nats, self.tokens, self.folder, upstreams
        )
        environment |= PRODUCTION
        port = free_port()
        command = gateway_command(port)
        with self._log("gateway") as log, logging_to(log, *command, port=port, **environment) as it:
            wait_for(port, knows, 200)
            yield Server(port, it)

    @contextmanager
    def peer(self) -> Iterator[Server]:
        """The careful peer, served as well as it can be: one process, as the service is."""
        port = free_port()
        environment = {"PEER_DATABASE_URL": self._url("peer"), "PEER_JWKS": str(self.tokens.jwks)}
        options = ("--loop", "uvloop", "--http", "httptools", "--log-level", "warning")
        command = (
            *(sys.executable, "-m", "uvicorn", "tests.benchmarks.peers.booking:app"),
            *(*options, "--no-access-log", "--port", str(port)),
        )
        with self._log("peer") as log, logging_to(log, *command, port=port, **environment) as pid:
            yield Server(port, pid)

    async def database(self, name: str) -> str:
        """The address of a new database, empty."""
        admin = await support.connect(self.pg.admin_url)
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.close()
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"{self.pg.admin_url.rpartition('/')[0]}/{database}"

    @contextmanager
    def _log(self, name: str) -> Iterator[IO[bytes]]:
        with (self.folder / f"{name}.log").open("ab") as log:
            yield log


@contextmanager
def ground() -> Iterator[Ground]:
    """Private servers with the streams of all services, gone afterwards."""
    with (
        support.postgres_server() as pg,
        support.nats_server() as nats,
        support.private_folder() as folder,
    ):
        support.in_thread(lambda: _apply(nats))
        yield Ground(pg, nats, Tokens(folder), Databases(pg), folder)


def _apply(nats: NatsServer) -> None:
    asyncio.run(streams.apply(nats.admin_url))


def wait_for(port: int, path: str, status: int) -> None:
    """Until it is answered so. Raises RuntimeError."""
    ends, found = time.monotonic() + READY_SECONDS, 0
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        while time.monotonic() < ends:
            with contextlib.suppress(httpx.HTTPError):
                found = client.get(path).status_code
            if found == status:
                return
            time.sleep(0.05)
    raise RuntimeError(f"{path} is answered by {found}, not by {status}")
