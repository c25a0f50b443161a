"""Servers that a test may stop, wipe or fill: never those that the other tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.nats import NatsServer
from deploy.local.postgres import PostgresServer
from tests import support


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that an unprivileged server process can reach."""
    with support.private_folder() as made:
        yield made


@pytest.fixture
def own_nats() -> Iterator[NatsServer]:
    with support.nats_server() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    with support.postgres_server() as server:
        yield server
