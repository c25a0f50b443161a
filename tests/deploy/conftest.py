"""Servers that a test may stop, wipe or fill: never those that the other tests share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from nats.js import JetStreamContext

from deploy import streams
from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from deploy.services import SERVICES
from tests import support
from tests.support import Databases


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that an unprivileged server process can reach."""
    with support.private_folder() as made:
        yield made


@pytest.fixture(scope="module")
def own_nats() -> Iterator[NatsServer]:
    with support.nats_server() as server:
        yield server


@pytest.fixture
async def js(own_nats: NatsServer) -> AsyncIterator[JetStreamContext]:
    """JetStream with the streams of the house, which nothing is in."""
    async with streams.connected(own_nats.admin_url) as context:
        for stream in await context.streams_info():
            await context.delete_stream(str(stream.config.name))
        await streams.apply(own_nats.admin_url, subscriptions=[])
        yield context


@pytest.fixture
def of_every_service(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> dict[str, Urls]:
    """A database of its own for each service, where commands of operators look for it."""
    name = f"everywhere_{uuid4().hex[:8]}"
    made = {service: databases.new(service, f"{name}_{service}") for service in SERVICES}
    for service, urls in made.items():
        monkeypatch.setenv(f"{service.upper()}_OWNER_DATABASE_URL", urls.owner)
    return made
