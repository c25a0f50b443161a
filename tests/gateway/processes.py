"""A gateway, and services behind it, each in a process of its own as in production."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from deploy.local.nats import NatsServer
from deploy.local.servers import accepts
from tests import support
from tests.gateway.conftest import keys_folder
from tests.support import Tokens


@contextmanager
def process(*command: str, port: int, **environment: str) -> Iterator[int]:
    """A server until it accepts connections; its id. It is gone afterwards."""
    with logging_to(None, *command, port=port, **environment) as pid:
        yield pid


@contextmanager
def logging_to(
    log: IO[bytes] | None, *command: str, port: int, **environment: str
) -> Iterator[int]:
    """The same, with all that it prints in a file of its own."""
    running = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=log, stderr=log and subprocess.STDOUT
    )
    try:
        while not accepts(port):
            if running.poll() is not None:
                raise RuntimeError(f"{command} ended with {running.returncode}")
            time.sleep(0.05)
        yield running.pid
    finally:
        running.terminate()
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def served(factory: str, port: int) -> tuple[str, ...]:
    """The command of a service as `make run` starts it."""
    return (sys.executable, "-m", "shared.web.serve", factory, "--port", str(port))


def gateway_command(port: int) -> tuple[str, ...]:
    return served("services.gateway.app:create_app", port)


def environment_of(
    database_url: str,
    nats: NatsServer,
    tokens: Tokens,
    folder: Path,
    upstreams: Mapping[str, str],
) -> dict[str, str]:
    """What a gateway on real servers needs in its environment."""
    return {
        "ONEDOOR_ENV": "test",
        "GATEWAY_DATABASE_URL": database_url,
        "GATEWAY_NATS_URL": nats.url("gateway"),
        "GATEWAY_KEYS_DIR": str(keys_folder(tokens, folder / "keys")),
        "GATEWAY_UPSTREAMS": json.dumps(upstreams),
        "GATEWAY_RATE_FACTOR": "1e6",
        "ONEDOOR_COLUMN_KEYS": support.COLUMN_KEYS,
        "ONEDOOR_INDEX_KEY": support.INDEX_KEY,
    }
