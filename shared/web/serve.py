"""`python -m shared.web.serve services.feedback.app:create_app --port 8003`: under uvicorn.

The one place that says how services are run: on one machine, in an image, and in the tests. An
orderly end (SIGTERM, Ctrl-C) lets what is in flight finish and exits with 0.
"""

import argparse
import gc
import signal
import socket
import sys
from types import FrameType

import uvicorn

from shared.web.http_protocol import GuardedHttp

STARTUP_FAILED = 3
GRACE_SECONDS = 10
BACKLOG = 256
"""Connections that the kernel accepts ahead of us. A longer line would be of people who have gone
before their turn: then nothing but dead requests is served, and it never gets better by itself."""


def config(factory: str, *, host: str = "127.0.0.1", port: int = 8000) -> uvicorn.Config:
    """How a service is served: no log of addresses, no belief in what proxies claim."""
    return uvicorn.Config(
        factory,
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http=GuardedHttp,
        access_log=False,
        proxy_headers=False,
        server_header=False,
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


class _Server(uvicorn.Server):
    """Keeps what is loaded once it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        keep_what_is_loaded()


def _end(_: int, __: FrameType | None) -> None:
    """uvicorn raises the signal once more when it is done: then there is nothing left to do."""
    sys.exit(0)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m shared.web.serve", description=__doc__)
    parser.add_argument("factory", help="module:function that makes the application")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    wanted = parser.parse_args(arguments)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _end)
    server = _Server(config(wanted.factory, host=wanted.host, port=wanted.port))
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILED)


if __name__ == "__main__":
    main(sys.argv[1:])
