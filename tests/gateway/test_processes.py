"""Frozen, killed and stopped processes behind the gateway, and the gateway itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.local.nats import NatsServer
from deploy.local.servers import free_port
from tests.deploy.test_supervisor import lives
from tests.gateway.processes import environment_of, gateway_command, process, served
from tests.support import Databases, Tokens, eventually

pytestmark = pytest.mark.xdist_group("gateway-processes")


@dataclass
class House:
    """A gateway, and the process of the one service behind it, which tests may end."""

    client: httpx.AsyncClient
    gateway: int
    behind: int
    jwks: Path
    stack: ExitStack
    service: int = 0

    async def stands(self) -> None:
        """Starts a service unless one runs; returns when it answers through the gateway."""
        if not self.service or not lives(self.service):
            command = served("tests.gateway.service:create", self.behind)
            keys = {"ONEDOOR_JWKS_URL": f"file://{self.jwks}"}
            self.service = self.stack.enter_context(process(*command, port=self.behind, **keys))
        await eventually(self.answers, seconds=60)

    async def answers(self) -> bool:
        return (await self.ask()).status_code == 200

    async def ask(self) -> httpx.Response:
        return await self.client.get("/api/v1/echo/x")


@pytest.fixture(scope="module")
async def whole_house(
    databases: Databases,
    bus: NatsServer,
    tokens: Tokens,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[House]:
    port, behind = free_port(), free_port()
    upstreams = {"appointments": f"http://127.0.0.1:{behind}"}
    folder = tmp_path_factory.mktemp("gateway")
    environment = environment_of(databases["gateway"], bus, tokens, folder, upstreams)
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        gateway = stack.enter_context(process(*gateway_command(port), port=port, **environment))
        async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
            yield House(client, gateway, behind, tokens.jwks, stack)


@pytest.fixture
async def house(whole_house: House) -> House:
    await whole_house.stands()
    return whole_house


async def test_a_frozen_service_is_told_of_in_time_and_forgiven(house: House) -> None:
    async def refused() -> bool:
        answer = await house.ask()
        assert answer.status_code in (503, 504)
        assert "retry-after" in answer.headers
        return answer.status_code == 503

    os.kill(house.service, signal.SIGSTOP)
    try:
        # Whoever is the service's guest until its circuit is open, or tries it then, is told 504.
        await eventually(refused, seconds=60)
        assert (await house.client.get("/healthz")).status_code == 200
        assert (await house.client.get("/openapi.json")).status_code == 200
    finally:
        os.kill(house.service, signal.SIGCONT)
    await eventually(house.answers, seconds=60)


async def test_a_killed_service_is_told_of_at_once_and_found_again(house: House) -> None:
    os.kill(house.service, signal.SIGKILL)
    await ended(house.service)
    assert (await house.ask()).status_code == 503  # and no 504
    await house.stands()


async def test_an_answer_cut_in_its_middle_never_looks_whole(house: House) -> None:
    async def read() -> None:
        async with house.client.stream("GET", "/api/v1/large?megabytes=4000") as answer:
            async for _ in answer.aiter_bytes():
                os.kill(house.service, signal.SIGKILL)

    with pytest.raises(httpx.RemoteProtocolError):
        await read()


async def test_stops_at_once_although_streams_are_open(house: House) -> None:
    """The last test of this file: the gateway is gone afterwards."""
    async with house.client.stream("GET", "/api/v1/live/halls/H001") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        os.kill(house.gateway, signal.SIGTERM)
        async for _ in lines:
            pass
    assert await ended(house.gateway) == (os.CLD_EXITED, 0)


async def ended(pid: int) -> tuple[int, int]:
    """How a process ended, and with what; it is left to its fixture."""
    looked = asyncio.to_thread(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    found = await asyncio.wait_for(looked, 10)
    assert found is not None
    return found.si_code, found.si_status
