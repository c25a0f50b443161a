"""Several processes behind one port: forked once, ended together, and none missed when it dies."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from deploy.local.options import ROOT
from deploy.local.servers import accepts, free_port
from tests.deploy.test_supervisor import lives, soon
from tests.support import eventually

APP = "tests.deploy.served:create_app"


@asynccontextmanager
async def served(port: int, *, workers: int = 2, **environment: str) -> AsyncIterator[Process]:
    """The process that was started, once it serves or has ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.web.serve", APP, "--port", str(port)),
        cwd=ROOT,
        env={**os.environ, "DEPLOY_WORKERS": str(workers), **environment},
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        await _soon(lambda: process.returncode is not None or accepts(port))
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _soon(look: object) -> None:
    async def looked() -> bool | None:
        return (callable(look) and look()) or None

    await eventually(looked, 60)


def children(process: Process) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def begun(folder: Path) -> int:
    """How many requests were begun."""
    return len(list(folder.iterdir()))


async def ask(port: int, **asked: float) -> dict[str, str | int]:
    """By a connection of its own."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        answer = await client.get("/who", params=asked)
        return dict(answer.json())


async def both(port: int) -> bool | None:
    """Whether two processes answer, each at its own place."""
    found = await asyncio.gather(*(ask(port, seconds=0.2) for _ in range(12)))
    return {one["worker"] for one in found} == {"0", "1"} or None


async def test_a_killed_worker_is_replaced_and_none_outlives_the_process_that_forked_them() -> None:
    port = free_port()
    async with served(port) as process:
        await eventually(lambda: both(port), 60)
        first, second = children(process)
        os.kill(first, signal.SIGKILL)
        # Nobody is refused meanwhile: the port is that of the process which forks them.
        for _ in range(20):
            assert (await ask(port))["pid"] != first
        await _soon(lambda: len(children(process)) == 2)
        assert first not in children(process)
        assert second in children(process)
        await eventually(lambda: both(port), 60)
        workers = children(process)
        process.kill()
        await process.wait()
        await soon(lambda: not any(lives(pid) for pid in workers))


async def test_a_signal_ends_all_when_they_have_answered(tmp_path: Path) -> None:
    port = free_port()
    async with served(port, BEGUN=str(tmp_path)) as process:
        await eventually(lambda: both(port), 60)
        workers, before = children(process), begun(tmp_path)
        slow = [asyncio.create_task(ask(port, seconds=1.5)) for _ in range(6)]
        await _soon(lambda: begun(tmp_path) == before + 6)
        process.terminate()
        answers = await asyncio.gather(*slow)
        assert {answer["worker"] for answer in answers} <= {"0", "1"}
        assert await asyncio.wait_for(process.wait(), 20) == 0
        assert not any(lives(pid) for pid in workers)


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_cannot_start_ends_with_its_code(workers: int) -> None:
    async with served(free_port(), workers=workers, FAILS_WITH="7") as process:
        assert await asyncio.wait_for(process.wait(), 60) == 7
