"""`python -m shared.web.serve services.feedback.app:create_app --port 8003`: under uvicorn.

The one place that says how services are run: on one machine, in an image, and in the tests. An
orderly end (SIGTERM, Ctrl-C) lets what is in flight finish and exits with 0. `FEEDBACK_WORKERS=2`
runs two processes behind the port (`workers`).
"""

import argparse
import asyncio
import gc
import importlib
import os
import signal
import socket
import sys
from types import FrameType

import uvicorn

from shared.web import workers
from shared.web.http_protocol import GuardedHttp

STARTUP_FAILED = 3
GRACE_SECONDS = 10
BACKLOG = 256
"""Connections that the kernel accepts ahead of us. A longer line would be of people who have gone
before their turn: then nothing but dead requests is served, and it never gets better by itself."""
COLLECTED_AFTER = (50_000, 20, 100)
"""Objects and younger collections before the next (`gc.set_threshold`): a request leaves hardly any
cycle behind, and looks for none. Measured: by Python's own (700, 10, 10) every 700th request waited
50 to 80 ms for all that lives to be looked at."""


def protocol_of(factory: str) -> type[GuardedHttp]:
    """What the module of the application is served by: its own `http_protocol`, if it has one."""
    module = importlib.import_module(factory.partition(":")[0])
    found: type[GuardedHttp] = getattr(module, "http_protocol", GuardedHttp)
    return found


def config(factory: str, *, host: str = "127.0.0.1", port: int = 8000) -> uvicorn.Config:
    """How a service is served: no log of addresses, no belief in what proxies claim."""
    return uvicorn.Config(
        factory,
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http=protocol_of(factory),
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_config=None,  # its lines are in the form of all others (`logs.configure`)
        log_level="warning",
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def keep_what_is_loaded() -> None:
    """Modules, tables and schemas stay for good: the collector need not look at them again.

    It looks at everything at once and nobody is answered meanwhile: with what a service loads that
    is a quarter of a second, whenever a large change makes many rows.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
    gc.enable()


class _Server(uvicorn.Server):
    """Keeps what is loaded once it serves; ends when `leash`, of a worker, is at its end."""

    def __init__(self, config: uvicorn.Config, leash: int | None = None) -> None:
        super().__init__(config)
        self._leash = leash

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._leash is not None:
            asyncio.get_running_loop().add_reader(self._leash, self._let_go, self._leash)
        await super().startup(sockets)
        keep_what_is_loaded()

    def _let_go(self, leash: int) -> None:
        """The process that forked us is gone."""
        asyncio.get_running_loop().remove_reader(leash)
        self.should_exit = True


def _end(_: int, __: FrameType | None) -> None:
    """uvicorn raises the signal once more when it is done: then there is nothing left to do."""
    sys.exit(0)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m shared.web.serve", description=__doc__)
    parser.add_argument("factory", help="module:function that makes the application")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    wanted = parser.parse_args(arguments)
    gc.disable()  # until it serves: of what is loaded nothing goes, and looking took a fifth of it
    settled = config(wanted.factory, host=wanted.host, port=wanted.port)

    def serve(bound: socket.socket | None = None, leash: int | None = None) -> int:
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, _end)
        server = _Server(settled, leash)
        server.run(None if bound is None else [bound])
        return 0 if server.started else STARTUP_FAILED

    if (count := _workers(wanted.factory)) > 1:
        sys.exit(workers.run(count, wanted.factory, wanted.host, wanted.port, serve))
    sys.exit(serve())


def _workers(factory: str) -> int:
    """How many the service's settings ask for; one where that is no number, which they refuse."""
    asked = os.environ.get(f"{factory.split('.')[1].upper()}_WORKERS", "")
    return int(asked) if asked.isdecimal() else 1


if __name__ == "__main__":
    main(sys.argv[1:])
