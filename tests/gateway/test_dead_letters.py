"""The stream of all services' dead letters is watched by the gateway."""

import asyncio
from functools import partial

from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from deploy import streams as deployed
from deploy.services import SERVICES
from services.gateway.app import create_app
from shared.messaging.bus import Bus
from shared.messaging.streams import Streams, dead_letters
from tests import support
from tests.gateway.conftest import Running
from tests.support import eventually


async def test_the_gateway_makes_the_stream_of_dead_letters_again_and_nobody_else_may() -> None:
    letters = dead_letters(replicas=1, max_bytes=1024**2)
    with support.nats_server() as server:
        for service in sorted(SERVICES, key="gateway".__eq__):
            bus = Bus(server.url(service), service)
            connecting = asyncio.create_task(bus.connect())
            keeping = asyncio.create_task(Streams(bus, letters, ()).run())
            try:
                await bus.connected()
                async with deployed.connected(server.admin_url) as js:
                    there = partial(_stands, js, letters)
                    if service == "gateway":
                        await eventually(there, seconds=10)
                        assert await deployed.diff(js, [letters], ()) == []
                    else:
                        await asyncio.sleep(0.5)
                        assert not await there()
            finally:
                keeping.cancel()
                await asyncio.wait([keeping, connecting])
                await bus.close()


async def _stands(js: JetStreamContext, wanted: StreamConfig) -> bool:
    return wanted.name in {found.config.name for found in await js.streams_info()}


async def test_a_running_gateway_keeps_the_stream(door: Running) -> None:
    with support.nats_server() as server:
        settings = door.settings.model_copy(update={"nats_url": server.url("gateway")})
        async with (
            support.serve(create_app(settings), until_ready=False),
            deployed.connected(server.admin_url) as js,
        ):
            wanted = dead_letters(replicas=1, max_bytes=settings.stream_max_bytes)
            await eventually(partial(_stands, js, wanted), seconds=10)
