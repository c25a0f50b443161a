"""Frozen, killed and stopped processes behind the gateway, and the gateway itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.local.nats import NatsServer
from deploy.local.servers import free_port
from tests.gateway.processes import environment_of, gateway_command, process, served
from tests.support import Databases, Tokens, eventually

pytestmark = pytest.mark.xdist_group("gateway-processes")


@dataclass(frozen=True)
class House:
    """A gateway, and the process of the one service behind it."""

    client: httpx.AsyncClient
    service: int
    behind: int
    keys: dict[str, str]


@pytest.fixture(scope="module")
async def gateway(
    databases: Databases,
    bus: NatsServer,
    tokens: Tokens,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    """A client of a gateway, and the port where it looks for a service."""
    port, behind = free_port(), free_port()
    environment = environment_of(
        databases["gateway"], bus, tokens, tmp_path_factory.mktemp("gateway"), at(behind)
    )
    url = f"http://127.0.0.1:{port}"
    with process(*gateway_command(port), port=port, **environment):
        async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as client:
            yield client, behind


def at(port: int) -> dict[str, str]:
    return {"appointments": f"http://127.0.0.1:{port}"}


def service_command(port: int) -> tuple[str, ...]:
    return served("tests.gateway.service:create", port)


@pytest.fixture
async def house(gateway: tuple[httpx.AsyncClient, int], tokens: Tokens) -> AsyncIterator[House]:
    client, behind = gateway
    keys = {"ONEDOOR_JWKS_URL": f"file://{tokens.jwks}"}
    with process(*service_command(behind), port=behind, **keys) as service:
        await eventually(lambda: answers(client), seconds=15)
        yield House(client, service, behind, keys)


async def answers(client: httpx.AsyncClient) -> bool:
    return (await client.get("/api/v1/echo/x")).status_code == 200


async def test_a_frozen_service_is_told_of_in_time_and_forgiven(house: House) -> None:
    os.kill(house.service, signal.SIGSTOP)
    try:
        for _ in range(8):
            answer = await house.client.get("/api/v1/echo/x")
            assert answer.status_code in (503, 504)
            assert "retry-after" in answer.headers
        # By now the circuit is open: it is not asked any more, which would end in a 504.
        assert (await house.client.get("/api/v1/echo/x")).status_code == 503
        assert (await house.client.get("/healthz")).status_code == 200
        assert (await house.client.get("/openapi.json")).status_code == 200
    finally:
        os.kill(house.service, signal.SIGCONT)
    await eventually(lambda: answers(house.client), seconds=3)


async def test_a_killed_service_is_told_of_at_once_and_found_again(house: House) -> None:
    os.kill(house.service, signal.SIGKILL)
    await asyncio.sleep(0.1)
    assert (await house.client.get("/api/v1/echo/x")).status_code == 503  # and no 504
    with process(*service_command(house.behind), port=house.behind, **house.keys):
        await eventually(lambda: answers(house.client), seconds=4)


async def test_an_answer_cut_in_its_middle_never_looks_whole(house: House) -> None:
    async def read() -> None:
        async with house.client.stream("GET", "/api/v1/large?megabytes=4000") as answer:
            async for _ in answer.aiter_bytes():
                os.kill(house.service, signal.SIGKILL)

    with pytest.raises(httpx.RemoteProtocolError):
        await read()


async def test_stops_at_once_although_streams_are_open(
    databases: Databases, bus: NatsServer, tokens: Tokens, tmp_path: Path
) -> None:
    port, behind = free_port(), free_port()
    keys = {"ONEDOOR_JWKS_URL": f"file://{tokens.jwks}"}
    environment = environment_of(databases["gateway"], bus, tokens, tmp_path, at(behind))
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        stack.enter_context(process(*service_command(behind), port=behind, **keys))
        running = await asyncio.create_subprocess_exec(
            *gateway_command(port), env={**os.environ, **environment}
        )
        stack.callback(_kill, running)
        async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as client:

            async def up() -> bool:
                try:
                    return await answers(client)
                except httpx.ConnectError:
                    return False

            await eventually(up, seconds=20)
            async with client.stream("GET", "/api/v1/live/halls/H001") as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == "retry: 2000"
                running.send_signal(signal.SIGTERM)
                async for _ in lines:
                    pass
        code = await asyncio.wait_for(running.wait(), 10)
        assert code == 0


def _kill(process: asyncio.subprocess.Process) -> None:
    """Whatever failed before, it is gone afterwards."""
    if process.returncode is None:
        process.kill()
