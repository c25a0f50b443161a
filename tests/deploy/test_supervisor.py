import asyncio
import dataclasses
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from textwrap import dedent

import pytest

from deploy.local.console import Console
from deploy.local.servers import Command, StartFailed
from deploy.local.supervisor import Part, Supervisor
from tests.support import eventually

STEADY = "import time, pathlib, sys; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"


class Recorded(Console):
    """A console that keeps its lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def write(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def console() -> Recorded:
    return Recorded()


@pytest.fixture
async def supervisor(console: Recorded) -> AsyncIterator[Supervisor]:
    made = Supervisor(console)
    yield made
    await made.stop()


def part(name: str, folder: Path, code: str = STEADY) -> Part:
    """A process that is ready when it has made its file."""
    mark = folder / name
    return Part(name, Command((sys.executable, "-c", code, str(mark))), mark.exists)


def lives(pid: int) -> bool:
    """Whether there is such a process; one that has ended and waits for its parent is none."""
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc").exists()


async def soon(look: Callable[[], bool]) -> None:
    """Returns when `look` is true; fails when it does not come true."""

    async def looked() -> bool | None:
        return look() or None

    await eventually(looked)


async def test_stops_in_reverse_and_leaves_no_process(supervisor: Supervisor, folder: Path) -> None:
    for name in ("first", "second"):
        await supervisor.start(part(name, folder))
    pids = list(supervisor.pids.values())
    assert all(lives(pid) for pid in pids)
    await supervisor.stop()
    assert not any(lives(pid) for pid in pids)


async def test_a_killed_part_comes_back(
    supervisor: Supervisor, console: Recorded, folder: Path
) -> None:
    await supervisor.start(part("door", folder))
    killed = supervisor.pids["door"]
    os.kill(killed, signal.SIGKILL)
    await soon(lambda: supervisor.pids["door"] != killed)
    assert lives(supervisor.pids["door"])
    assert any("door ended unexpectedly (-9)" in line for line in console.lines)


async def test_a_part_that_ignores_its_signal_is_killed(
    supervisor: Supervisor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.supervisor.STOP_SECONDS", 0.3)
    await supervisor.start(
        part(
            "deaf", folder, f"import signal; signal.signal(signal.SIGTERM, lambda *_: 0); {STEADY}"
        )
    )
    pid = supervisor.pids["deaf"]
    await supervisor.stop()
    assert not lives(pid)


async def test_a_part_that_ends_before_it_is_ready_is_a_failed_start(
    supervisor: Supervisor, console: Recorded, folder: Path
) -> None:
    with pytest.raises(StartFailed, match="broken ended with 3"):
        await supervisor.start(part("broken", folder, "print('why'); raise SystemExit(3)"))
    await soon(lambda: any("why" in line for line in console.lines))


async def test_a_step_that_fails_is_a_failed_start(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailed, match="ended with 4"):
        await supervisor.run("step", Command((sys.executable, "-c", "raise SystemExit(4)")))


async def test_lines_carry_the_name_of_their_process(
    supervisor: Supervisor, console: Recorded
) -> None:
    code = "print('好'); print('x' * 2_000_000); print('end')"
    await supervisor.run("talker", Command((sys.executable, "-c", code)))
    await soon(lambda: "talker       | end" in console.lines)
    assert "talker       | 好" in console.lines


async def test_nothing_outlives_a_killed_supervisor(folder: Path) -> None:
    script = dedent(
        """
        import asyncio, pathlib, sys
        from deploy.local.console import Console
        from deploy.local.servers import Command
        from deploy.local.supervisor import Part, Supervisor

        mark = pathlib.Path(sys.argv[1])
        child = (sys.executable, "-c", sys.argv[2], str(mark))

        async def main():
            supervisor = Supervisor(Console())
            await supervisor.start(Part("child", Command(child), mark.exists))
            print(supervisor.pids["child"], flush=True)
            await asyncio.sleep(600)

        asyncio.run(main())
        """
    )
    arguments = [sys.executable, "-c", script, str(folder / "mark"), STEADY]
    process = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    child = int(await process.stdout.readline())
    assert lives(child)
    process.kill()
    await process.wait()
    await soon(lambda: not lives(child))


class Gone(io.StringIO):
    """A terminal that was closed."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


def test_a_lost_terminal_does_not_stop_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Gone())
    console = Console()
    console.line("door", "nobody reads this")
    console.line("door", "nor this")
    sys.stdout.close()


async def test_what_runs_but_is_stuck_is_started_anew(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A NATS server whose stream met a full disk writes nothing more until its next start."""
    monkeypatch.setattr("deploy.local.supervisor.STUCK_SECONDS", 0.05)
    stuck = [False, True]
    made = dataclasses.replace(
        part("stuck", tmp_path), is_stuck=lambda: bool(stuck and stuck.pop())
    )
    await supervisor.start(made)
    first = supervisor.pids["stuck"]

    async def anew() -> bool:
        return not stuck and supervisor.pids["stuck"] != first and not lives(first)

    await eventually(anew, seconds=20)
