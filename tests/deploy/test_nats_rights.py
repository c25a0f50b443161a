import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats
import nats.errors
import pytest
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import APIError, BadRequestError

from deploy import nats as configuration
from deploy.local.nats import NatsServer
from deploy.services import SERVICES, all_subscriptions, subscriptions
from shared.messaging.bus import Subscription
from shared.web.refusals import SignInEnded

REFUSED = (nats.errors.TimeoutError, nats.errors.NoRespondersError, BadRequestError, APIError)


@asynccontextmanager
async def as_user(bus: NatsServer, user: str) -> AsyncIterator[JetStreamContext]:
    """JetStream as a service sees it, and short of patience."""

    async def told(error: Exception) -> None:
        """The server tells a violation apart from the answer, which then never comes."""

    prefix = f"_INBOX_{user}".encode()
    client = await nats.connect(bus.url(user), inbox_prefix=prefix, error_cb=told)
    try:
        yield client.jetstream(timeout=0.3)
    finally:
        await client.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_publishes_its_own_events_and_no_other(
    bus: NatsServer, service: str
) -> None:
    async with as_user(bus, service) as js:
        stored = await js.publish(f"{service}.rights.tested.v1._", b"{}")
        assert stored.stream == service.upper()
        for other in {*SERVICES, "dead"} - {service}:
            with pytest.raises(REFUSED):
                await js.publish(f"{other}.rights.tested.v1._", b"{}", timeout=0.3)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_cannot_change_streams(bus: NatsServer, service: str) -> None:
    async with as_user(bus, service) as js:
        for attempt in (
            js.delete_stream(service.upper()),
            js.purge_stream(service.upper()),
            js.add_stream(name="STOLEN", subjects=["stolen.>"]),
        ):
            with pytest.raises(REFUSED):
                await attempt


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_only_its_own_consumers(bus: NatsServer, service: str) -> None:
    async with as_user(bus, service) as js:
        for subscription in subscriptions(service):
            info = await js.consumer_info(subscription.stream, subscription.name)
            assert info.name == subscription.name
        mine = {s.name for s in subscriptions(service)}
        foreign = [s for s in all_subscriptions() if s.name not in mine]
        assert foreign
        # A refusal is an answer that never comes: all are waited for at once.
        await asyncio.gather(*(_is_kept_out(js, one) for one in foreign))


async def _is_kept_out(js: JetStreamContext, foreign: Subscription[Any]) -> None:
    pull = await js.pull_subscribe_bind(foreign.name, stream=foreign.stream)
    with pytest.raises(REFUSED):
        await pull.fetch(1, timeout=0.3)
    with pytest.raises(REFUSED):
        await js.delete_consumer(foreign.stream, foreign.name)


async def test_a_service_does_not_hear_what_others_are_answered(bus: NatsServer) -> None:
    refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def told(error: Exception) -> None:
        refused.set_result(str(error))

    client = await nats.connect(bus.url("feedback"), error_cb=told)
    try:
        await client.subscribe("_INBOX_projects.>")
        message = await asyncio.wait_for(refused, 2)
    finally:
        await client.close()
    assert 'permissions violation for subscription to "_inbox_projects.>"' in message.lower()


async def test_the_gateway_watches_a_stream_with_a_consumer_of_its_own(bus: NatsServer) -> None:
    async with as_user(bus, "appointments") as js:
        stored = await js.publish("appointments.rights.watched.v1.H001", b"seen")
    async with as_user(bus, "gateway") as js:
        watching = await js.subscribe(
            "appointments.rights.watched.v1.>", stream="APPOINTMENTS", ordered_consumer=True
        )
        message = await watching.next_msg(timeout=2)
        assert message.metadata.sequence.stream == stored.seq
        await watching.unsubscribe()


@pytest.mark.parametrize("service", [service for service in SERVICES if service != "gateway"])
async def test_a_service_watches_the_ends_of_sign_ins_and_nothing_else_of_the_gateway(
    bus: NatsServer, service: str
) -> None:
    async with as_user(bus, service) as js:
        for subject, allowed in (
            (f"{SignInEnded.type}.>", True),
            ("gateway.account.>", False),
            (None, False),
        ):
            config = ConsumerConfig(
                name=f"watch-{uuid4().hex}",
                filter_subject=subject,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=5,
            )
            if allowed:
                await js.add_consumer("GATEWAY", config)
            else:
                with pytest.raises(REFUSED):
                    await js.add_consumer("GATEWAY", config)


def test_a_user_is_given_exactly_its_own_dead_letters() -> None:
    for service in SERVICES:
        dead = {s for s in configuration.may_publish(service) if s.startswith("dead.")}
        assert dead == {f"dead.{s.event.type}.>" for s in subscriptions(service)}


def test_the_committed_configuration_is_what_the_subscriptions_ask_for() -> None:
    committed = configuration.CONF.read_text(encoding="utf-8")
    assert committed == configuration.render(), "run `make nats-conf` and commit deploy/nats.conf"


def test_the_configuration_of_a_server_is_for_its_own_user(tmp_path: Path) -> None:
    """Also where it lay there for everybody before; passwords stand in no file at all."""
    file = tmp_path / "nats.conf"
    file.write_text("from before")
    os.chmod(file, 0o644)
    configuration.main(["render", str(file)])
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text(encoding="utf-8") == configuration.render()
