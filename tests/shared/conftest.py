"""The notes room, running on a database and a NATS server of its own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from deploy import streams
from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from tests import support
from tests.connections import Kept
from tests.shared import notes
from tests.support import Databases, Tokens


@pytest.fixture(scope="session")
def urls(databases: Databases) -> Urls:
    return databases.new("feedback", "shared_notes")


@pytest.fixture(scope="session")
def own_nats() -> Iterator[NatsServer]:
    with support.nats_server() as server:
        yield server


@pytest.fixture(scope="session")
async def notes_settings(urls: Urls, own_nats: NatsServer, tokens: Tokens) -> Any:
    await streams.apply(own_nats.admin_url, subscriptions=notes.subscriptions)
    # As owner, for the room makes a temporary table; as `deploy`, for its consumer is the tests'.
    return support.settings_for(
        "feedback", urls.owner, own_nats, tokens, nats_url=own_nats.admin_url
    )


@asynccontextmanager
async def running(settings: Any, *, until_ready: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    async with support.serve(notes.create_app(settings), until_ready=until_ready) as client:
        yield client


@pytest.fixture(scope="session")
async def house(notes_settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The room, with its consumers: one application, for two would share their messages."""
    async with running(notes_settings) as client:
        yield client


@pytest.fixture
async def rows(urls: Urls, kept_connections: Kept) -> AsyncIterator[asyncpg.Connection]:
    async with kept_connections.lent(urls.owner) as connection:
        yield connection
