import dataclasses
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from nats.js.api import StreamConfig

from deploy import nats as configuration
from deploy import streams
from deploy.local import nats as local_nats
from deploy.local import servers
from deploy.local.nats import NatsServer
from deploy.services import all_subscriptions


def own(**others: Any) -> StreamConfig:
    """A stream as the house makes them, of this test alone."""
    name = f"T{uuid4().hex}"
    like = streams.streams(max_bytes=1024**2)[0]
    return dataclasses.replace(like, name=name, subjects=[f"{name}.>"], **others)


async def test_applying_twice_changes_nothing(bus: NatsServer) -> None:
    assert await streams.apply(bus.admin_url) == []


async def test_the_house_has_a_stream_a_service_and_one_for_dead_letters(bus: NatsServer) -> None:
    async with streams.connected(bus.admin_url) as js:
        found = {s.config.name: s.config for s in await js.streams_info()}
    assert {"APPOINTMENTS", "PROJECTS", "FEEDBACK", "GATEWAY", "DEAD"} <= found.keys()
    for name in ("APPOINTMENTS", "PROJECTS", "FEEDBACK", "GATEWAY", "DEAD"):
        config = found[name]
        assert config.subjects == [f"{name.lower()}.>"]
        assert (config.storage, config.discard, config.retention) == ("file", "new", "limits")
        assert (config.deny_delete, config.deny_purge) == (True, True)
        assert (config.duplicate_window, config.max_msg_size) == (600, 256 * 1024)
        assert config.persist_mode in (None, "default")


async def test_every_subscription_has_its_durable_consumer(bus: NatsServer) -> None:
    async with streams.connected(bus.admin_url) as js:
        for subscription in all_subscriptions():
            config = (await js.consumer_info(subscription.stream, subscription.name)).config
            assert config.filter_subject == f"{subscription.event.type}.>"
            assert (config.ack_policy, config.ack_wait, config.max_deliver) == ("explicit", 30, -1)
            assert config.deliver_subject is None


@pytest.mark.parametrize(
    "lowered",
    [
        {"max_age": 3600.0},
        {"max_bytes": 1024},
        {"max_msg_size": 1024},
        {"duplicate_window": 60.0},
        {"deny_delete": False},
        {"deny_purge": False},
        {"discard": "old"},
        {"storage": "memory"},
        {"retention": "workqueue"},
    ],
    ids=lambda change: "-".join(change),
)
async def test_refuses_what_could_lose_messages(bus: NatsServer, lowered: dict[str, Any]) -> None:
    stream = own()
    await streams.apply(bus.admin_url, wanted=[stream], subscriptions=[])
    less = dataclasses.replace(stream, **lowered)
    with pytest.raises(streams.WouldLose, match=next(iter(lowered))):
        await streams.apply(bus.admin_url, wanted=[less], subscriptions=[])


async def test_a_refusal_changes_nothing_else(bus: NatsServer) -> None:
    stream, never_made = own(), own()
    await streams.apply(bus.admin_url, wanted=[stream], subscriptions=[])
    less = dataclasses.replace(stream, max_age=1.0)
    with pytest.raises(streams.WouldLose):
        await streams.apply(bus.admin_url, wanted=[never_made, less], subscriptions=[])
    async with streams.connected(bus.admin_url) as js:
        assert never_made.name not in {s.config.name for s in await js.streams_info()}


async def test_raises_a_limit(bus: NatsServer) -> None:
    stream = own()
    await streams.apply(bus.admin_url, wanted=[stream], subscriptions=[])
    more = dataclasses.replace(stream, max_bytes=2 * 1024**2)
    changed = await streams.apply(bus.admin_url, wanted=[more], subscriptions=[])
    assert changed == [f"update stream {stream.name}: max_bytes 1048576 -> 2097152"]
    assert await streams.apply(bus.admin_url, wanted=[more], subscriptions=[]) == []


def test_a_server_as_it_is_started_syncs_every_write(folder: Path) -> None:
    server = local_nats.start(folder, passwords=dict.fromkeys(configuration.USERS, "secret"))
    try:
        streams.assert_durable(server.monitor_url)
    finally:
        server.stop()


def test_a_server_that_acknowledges_before_it_syncs_is_found_out(folder: Path) -> None:
    port, monitor = servers.free_port(), servers.free_port()
    passwords = dict.fromkeys(configuration.USERS, "secret")
    command = local_nats.command(folder, port, monitor, passwords, "1s")
    ready = lambda: local_nats.is_ready(monitor)  # noqa: E731
    server = servers.start(command, port, folder / "nats.log", ready)
    try:
        with pytest.raises(streams.NotDurable):
            streams.assert_durable(f"http://127.0.0.1:{monitor}")
    finally:
        server.stop()
