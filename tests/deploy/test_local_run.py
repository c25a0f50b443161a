"""`make run` itself: the whole system as processes, stopped, killed, started again."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.local import marker, servers
from deploy.local.options import ROOT
from deploy.services import SERVICES
from tests.support import eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local-run")]

START_SECONDS = 120.0
UNREAD = {"PROJECTS_BACKGROUND": "false"}
"""The demo's portals are walked for more than a minute, by half a processor; the tests of the tour
and of the examples see that they are."""


@dataclass
class Run:
    """A `make run` on a data directory and a port of its own."""

    process: Process
    data: Path
    port: int
    output: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.output)

    async def exit_code(self, seconds: float = 30.0) -> int:
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    async def ready(self) -> None:
        async def look() -> bool | None:
            assert self.process.returncode is None, self.text
            return "OneDoor is ready" in self.text or None

        await eventually(look, START_SECONDS, "the system did not come up")

    def children(self) -> dict[str, int]:
        """The processes that the supervisor started, by a word of their command line."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                words = (folder / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if int(parent) == self.process.pid:
                found[" ".join(words)] = int(folder.name)
        return found

    def pid_of(self, word: str) -> int:
        return next(pid for words, pid in self.children().items() if word in words)


@asynccontextmanager
async def run(data: Path, **environment: str) -> AsyncIterator[Run]:
    """Starts the system; whatever happens, it is gone afterwards."""
    port = int(environment.pop("PORT", servers.free_port()))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local"),
        cwd=ROOT,
        env={**os.environ, **UNREAD, "ONEDOOR_DATA": str(data), "PORT": str(port), **environment},
        stdout=PIPE,
        stderr=STDOUT,
    )
    started = Run(process, data, port, [])
    reader = asyncio.create_task(_read(process, started.output))
    try:
        yield started
    finally:
        if process.returncode is None:
            process.terminate()
            await started.exit_code(60)
        await reader


async def _read(process: Process, lines: list[str]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        lines.append(line.decode().rstrip())


def lives(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


async def is_ready(port: int) -> bool | None:
    async with httpx.AsyncClient() as client:
        try:
            answer = await client.get(f"http://127.0.0.1:{port}/readyz", timeout=2)
        except httpx.HTTPError:
            return None
    return answer.status_code == 200 or None


async def test_starts_heals_stops_and_starts_again(folder: Path) -> None:
    data = folder / "data"
    async with run(data) as system:
        await system.ready()
        assert f"http://127.0.0.1:{system.port}/docs" in system.text
        assert "clerk1" in system.text
        assert "[info" not in system.text
        assert "[info" in (data / "logs" / "gateway.log").read_text()
        for secret in ("secrets.json", "stack.json", "demo-accounts.json"):
            assert (data / secret).stat().st_mode & 0o077 == 0
        await _a_second_start_says_so(system)

        for word in ("services.feedback.app", "nats-server", "postgres"):
            killed = system.pid_of(word)
            os.kill(killed, signal.SIGKILL)
            await eventually(lambda word=word, killed=killed: _replaced(system, word, killed), 20)  # type: ignore[misc]
        await eventually(lambda: is_ready(system.port), 30)

        pids = list(system.children().values())
        assert len(pids) >= len(SERVICES) + 2
        system.process.send_signal(signal.SIGTERM)
        assert await system.exit_code() == 0, system.text
        await eventually(lambda: _all_gone(pids), 2, "processes were left")
        assert not (data / "stack.json").exists()
        assert {path.name for path in data.iterdir()} <= {marker.NAME, *marker.ENTRIES}
        ports = {path.name: path.read_text() for path in data.glob("*.port")}
        assert ports.keys() == {"demo-portal.port", "nats.port", "nats-monitor.port"}
        accounts = (data / "demo-accounts.json").read_text()

    async with run(data) as again:
        await again.ready()
        assert (data / "demo-accounts.json").read_text() == accounts
        assert {path.name: path.read_text() for path in data.glob("*.port")} == ports
        assert (
            f":{ports['nats.port']}"
            in json.loads((data / "stack.json").read_text())["GATEWAY_PUBLIC_NATS_HOST"]
        )
        await _killed_leaves_nothing(again)


async def _a_second_start_says_so(system: Run) -> None:
    async with run(system.data) as second:
        assert await second.exit_code() == 1
    assert f"is running already: http://127.0.0.1:{system.port}" in second.text
    assert "系统已在运行" in second.text


async def _replaced(system: Run, word: str, killed: int) -> bool | None:
    try:
        return system.pid_of(word) != killed or None
    except StopIteration:
        return None


async def _killed_leaves_nothing(system: Run) -> None:
    pids = list(system.children().values())
    system.process.kill()
    await system.exit_code()
    await eventually(lambda: _all_gone(pids), 20, "processes outlived their supervisor")


async def _all_gone(pids: list[int]) -> bool | None:
    return not any(lives(pid) for pid in pids) or None


async def test_a_port_that_is_taken_is_told_before_anything_starts(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with run(folder / "data", PORT=str(taken.getsockname()[1])) as system:
            assert await system.exit_code() == 1
    assert f"make run ONEDOOR_DATA={folder / 'data'} PORT=" in system.text
    assert "Starting" not in system.text
    assert not (folder / "data").exists()


async def test_an_option_that_makes_no_sense_is_told(folder: Path) -> None:
    async with run(folder / "data", WORKERS="many") as system:
        assert await system.exit_code() == 1
    assert "WORKERS=many" in system.text
    assert not (folder / "data").exists()
