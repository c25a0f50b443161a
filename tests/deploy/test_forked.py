"""What is forked from the process that imported the services behaves as if it was executed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from deploy.local import stack
from deploy.local.servers import Command, StartFailed
from deploy.local.supervisor import Part, Supervisor
from tests.deploy.forked_part import RARE, SERVED
from tests.deploy.test_supervisor import Recorded, lives, soon

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")

MODULE = "tests.deploy.forked_part"


def command(file: Path, *words: str) -> Command:
    return Command((sys.executable, "-m", MODULE, str(file), *words), {"GIVEN": "yes"})


def part(file: Path) -> Part:
    return Part(file.name, command(file), file.exists)


async def noted(file: Path) -> dict[str, Any]:
    await soon(file.exists)
    return dict(json.loads(file.read_text()))  # noqa: ASYNC240


@pytest.fixture(scope="module")
def console() -> Recorded:
    return Recorded()


@pytest.fixture(scope="module")
async def supervisor(console: Recorded) -> AsyncIterator[Supervisor]:
    made = Supervisor(console)
    await made.share_imports(stack.IMPORTED)
    yield made
    await made.stop()


async def test_begins_with_the_services_and_is_otherwise_a_process_of_its_own(
    supervisor: Supervisor, console: Recorded, folder: Path
) -> None:
    file = folder / "part"
    await supervisor.start(part(file))
    assert await noted(file) == {
        "parent": os.getpid(),
        "leads_session": True,
        "given": "yes",
        "arguments": [str(file)],
        "began_with": list(SERVED),
    }
    assert f"-m {MODULE} {file}" in _words(str(supervisor.pids["part"]))
    await soon(lambda: "part         | begins" in console.lines)


async def test_its_end_is_seen_and_it_comes_back(
    supervisor: Supervisor, console: Recorded, folder: Path
) -> None:
    file = folder / "killed"
    await supervisor.start(part(file))
    killed = supervisor.pids["killed"]
    file.unlink()
    os.kill(killed, signal.SIGKILL)
    assert (await noted(file))["began_with"] == list(SERVED)
    assert lives(supervisor.pids["killed"])
    assert any("killed ended unexpectedly (-9)" in line for line in console.lines)
    with pytest.raises(StartFailed, match="ended with 4"):
        await supervisor.run("step", command(folder / "step", "4"))


async def test_without_the_fork_server_it_is_executed(console: Recorded, folder: Path) -> None:
    alone, file = Supervisor(console), folder / "alone"
    await alone.share_imports([RARE])
    try:
        await alone.run("first", command(folder / "first", "0"))
        os.kill(_fork_server(), signal.SIGKILL)
        await soon(lambda: any("fork server ended unexpectedly" in x for x in console.lines))
        await alone.start(part(file))
        assert (await noted(file))["began_with"] == []
    finally:
        await alone.stop()
    assert not lives(alone.pids.get("alone", 0) or 2**22 + 1)


async def test_the_fork_server_ends_once_nothing_is_to_be_shared(folder: Path) -> None:
    console = Recorded()
    alone, file = Supervisor(console), folder / "after"
    await alone.share_imports([RARE])
    try:
        await alone.run("first", command(folder / "told", "0"))
        server = _fork_server()
        await alone.end_sharing()
        await soon(lambda: not lives(server))
        await alone.start(part(file))
        assert (await noted(file))["began_with"] == []
        assert not any("unexpectedly" in line for line in console.lines)
    finally:
        await alone.stop()


def _fork_server() -> int:
    """The newest one of this process."""
    mine = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    servers = [int(pid) for pid in mine if "fork_server" in _words(pid)]
    return max(servers)


def _words(pid: str) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


async def test_nothing_forked_outlives_a_killed_supervisor(folder: Path) -> None:
    script = dedent(
        """
        import asyncio, pathlib, sys
        from deploy.local.console import Console
        from deploy.local.supervisor import Supervisor
        from tests.deploy.forked_part import RARE
        from tests.deploy.test_forked import part

        async def main():
            supervisor = Supervisor(Console())
            await supervisor.share_imports([RARE])
            await supervisor.start(part(pathlib.Path(sys.argv[1])))
            print(supervisor.pids["child"], flush=True)
            await asyncio.sleep(600)

        asyncio.run(main())
        """
    )
    arguments = [sys.executable, "-c", script, str(folder / "child")]
    process = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    while not (line := await process.stdout.readline()).strip().isdigit():
        assert line, "it ended"
    child = int(line)
    assert lives(child)
    process.kill()
    await process.wait()
    await soon(lambda: not lives(child))


ORPHAN = """
    import os, signal
    from shared.web import forks

    def make():
        os.kill(os.getppid(), signal.SIGKILL)
        return b"x" * (1 << 20)

    forks.apart(make)
"""


def test_what_is_made_apart_ends_where_nobody_reads_it_any_more() -> None:
    """It would wait for ever to be read: what it inherits of the console stays open as long."""
    ran = subprocess.Popen(
        [sys.executable, "-c", dedent(ORPHAN)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    told, _ = ran.communicate(timeout=60)
    assert ran.returncode == -signal.SIGKILL
    assert b"BrokenPipeError" in told
