"""`python -m deploy.setup`: makes a server's databases, tables, streams and consumers ready.

The one-shot step of docker-compose.yml; running it again changes nothing that already stands.
Waits for PostgreSQL and NATS. Reads ONEDOOR_DATABASE_URL, ONEDOOR_NATS_URL, ONEDOOR_NATS_MONITOR,
and for each service <SERVICE>_OWNER_PASSWORD and <SERVICE>_DATABASE_PASSWORD; WORKERS and
<SERVICE>_WORKERS to see that there are connections for all of them.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import asyncpg
import nats.errors

from deploy import connections, postgres, streams
from deploy.services import SERVICES, all_subscriptions
from shared.messaging.bus import Subscription

WAIT_SECONDS = 60.0
PARALLEL = 2
"""Databases that are brought to head at a time; one of them while the services are loaded, which
takes as long and is needed to know what they subscribe to."""


def set_up() -> None:
    """Everything that must stand before the services start."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        loaded = pool.submit(lambda: list(all_subscriptions()))
        list(pool.map(lambda service: _when_there(partial(_database, service)), SERVICES))
    connections.ensure(os.environ["ONEDOOR_DATABASE_URL"], os.environ)
    _when_there(partial(_streams, loaded.result()))
    if monitor := os.environ.get("ONEDOOR_NATS_MONITOR"):
        streams.assert_durable(monitor)


def _database(service: str) -> None:
    name = service.upper()
    passwords = postgres.Passwords(
        owner=os.environ[f"{name}_OWNER_PASSWORD"],
        service=os.environ[f"{name}_DATABASE_PASSWORD"],
    )
    admin_url = os.environ["ONEDOOR_DATABASE_URL"]
    urls = asyncio.run(postgres.provision(admin_url, service, passwords))
    subprocess.run(
        [sys.executable, "-m", "shared.database.migrate", service, "upgrade"],
        env={**os.environ, f"{name}_OWNER_DATABASE_URL": urls.owner},
        check=True,
    )
    asyncio.run(postgres.protect(urls.owner, service))
    print(f"{service}: database ready", flush=True)


def _streams(subscriptions: Sequence[Subscription[Any]]) -> None:
    url, wanted = os.environ["ONEDOOR_NATS_URL"], streams.from_environment()
    for change in asyncio.run(streams.apply(url, subscriptions=subscriptions, wanted=wanted)):
        print(change, flush=True)


def _when_there(step: Callable[[], None]) -> None:
    """Takes the step, again and again while its server is not there yet."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            step()
            return
        except (
            OSError,
            TimeoutError,
            asyncpg.CannotConnectNowError,
            nats.errors.NoServersError,
        ) as error:
            if time.monotonic() > deadline:
                raise
            print(f"waiting: {type(error).__name__}", flush=True)
            time.sleep(1)


if __name__ == "__main__":
    set_up()
