"""A bus closes whatever became of its server, and nothing of it goes on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from nats.aio.msg import Msg

from deploy.local.nats import NatsServer
from shared.jobs import end
from shared.messaging import bus
from shared.messaging.bus import Bus
from shared.observability.library_internals import socket_of
from tests import support
from tests.support import eventually

NAME = "closing"


@pytest.fixture(scope="module")
def server() -> Iterator[NatsServer]:
    with support.nats_server() as server:
        yield server


@pytest.fixture
async def opened(server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bus]:
    monkeypatch.setattr(bus, "CLOSE_SECONDS", 0.2)
    before = asyncio.all_tasks()
    opened = Bus(server.admin_url, NAME)
    await opened.connect()
    connection = socket_of(opened.client)
    assert connection is not None
    await opened.client.subscribe("anything", cb=_ignored)
    yield opened
    assert _since(before) == set(), "no task is left behind"
    assert connection.fileno() == -1, "no connection is left behind"
    await eventually(lambda: _is_gone(server))


def _since(before: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """The tasks that have come since and go on, but for the one that asks."""
    current = asyncio.current_task()
    return {task for task in asyncio.all_tasks() if task not in before and task is not current}


async def _ignored(_: Msg) -> None: ...


async def _is_gone(server: NatsServer) -> bool:
    """Whether the server holds no connection of the bus any more."""
    async with httpx.AsyncClient(base_url=server.monitor_url) as client:
        open_ones = (await client.get("/connz")).json()["connections"]
    return not any(connection.get("name") == NAME for connection in open_ones)


@contextmanager
def _frozen(server: NatsServer) -> Iterator[None]:
    os.kill(server.running.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.running.process.pid, signal.SIGCONT)


async def _publish_for_ever(opened: Bus) -> None:
    while True:
        await opened.client.publish("anything", bytes(opened.client.max_payload))
        await asyncio.sleep(0)


async def test_a_bus_closes_in_good_order(opened: Bus) -> None:
    await opened.close()


async def test_a_flush_that_a_frozen_server_interrupts_leaves_nothing_behind(
    opened: Bus, server: NatsServer
) -> None:
    with _frozen(server):
        await opened.close()


async def test_a_full_buffer_to_a_frozen_server_leaves_nothing_behind(
    opened: Bus, server: NatsServer
) -> None:
    with _frozen(server):
        publishing = asyncio.create_task(_publish_for_ever(opened))
        await asyncio.wait([publishing], timeout=1)  # until the kernel takes in no more
        await opened.close()
        await end([publishing])


async def test_a_close_that_is_itself_cancelled_leaves_nothing_behind(
    opened: Bus, server: NatsServer
) -> None:
    with _frozen(server):
        closing = asyncio.create_task(opened.close())
        await asyncio.sleep(0)  # it has begun, and waits for a server that is frozen
        closing.cancel()
        await asyncio.wait([closing])
    assert closing.cancelled()


async def test_a_bus_that_never_began_to_connect_closes(server: NatsServer) -> None:
    await Bus(server.admin_url, NAME).close()


async def test_a_bus_that_is_still_connecting_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus, "CLOSE_SECONDS", 0.2)
    before = asyncio.all_tasks()
    connecting = Bus("nats://127.0.0.1:9", NAME)
    task = asyncio.create_task(connecting.connect())
    await asyncio.sleep(0.05)
    await end([task])
    await connecting.close()
    assert _since(before) == set()
