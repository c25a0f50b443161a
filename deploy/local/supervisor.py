"""Starts processes in order, shows their lines, restarts what crashes, stops them in reverse.

A library such as honcho starts everything at once and ends everything when one process ends; here
the order and the health of each part matter, and a crashed service comes back by itself.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from deploy.local import orphan_guard
from deploy.local.console import Console
from deploy.local.forking import LINE_BYTES, CannotFork, ForkServer, Process
from deploy.local.servers import Command, StartFailed, primary_group

READY_SECONDS = 120.0
STOP_SECONDS = 20.0
STEADY_SECONDS = 30.0
STUCK_SECONDS = 5.0
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
FORK_SERVER = "forks"


@dataclass(frozen=True)
class Part:
    """A process that should run as long as the system does."""

    name: str
    command: Command
    is_ready: Callable[[], bool]
    prepare: Callable[[], None] = lambda: None
    """Runs before every start, the first and those after a crash."""
    shows: Callable[[str], bool] = lambda line: True
    is_stuck: Callable[[], bool] = lambda: False
    """Asked now and then: whether it runs, but only a new start lets it go on."""


@dataclass
class _Child:
    part: Part
    process: Process
    keeper: asyncio.Task[None] | None = field(default=None)


class Supervisor:
    """The processes of one running system."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._children: list[_Child] = []
        self._readers: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._forks = ForkServer()
        self._sharing: asyncio.Task[None] | None = None

    async def share_imports(self, modules: Sequence[str]) -> None:
        """From now on what is `python -m ...` is forked from one process, where that is possible,
        and begins with these modules; not with what is run as `__main__`, which would be there
        twice.

        Without it everything is executed, with the same effect at a higher price.
        """
        process = await self._forks.start(partial(self._execute, FORK_SERVER), modules)
        if process is not None:
            self._sharing = asyncio.create_task(self._share(process), name=FORK_SERVER)

    async def _share(self, process: Process) -> None:
        try:
            code = await process.wait()
            self._console.replay(FORK_SERVER)
            self._console.problem(
                f"共享内存的启动进程意外结束（{code}），此后各进程单独启动。",
                f"The fork server ended unexpectedly ({code}); processes start by themselves now.",
            )
        finally:
            self._forks.stop()
            await self._end(process, signal.SIGTERM)

    async def end_sharing(self) -> None:
        """From now on everything is executed. The fork server holds what it wrote to itself, and
        once all is up hardly anything is started."""
        if self._sharing is not None:
            self._sharing.cancel()
            await asyncio.wait({self._sharing})
            self._sharing = None

    async def start(self, part: Part) -> None:
        """The part runs and is ready; raises StartFailed if it ends before, or takes too long."""
        await asyncio.to_thread(part.prepare)
        child = _Child(part, await self._spawn(part.name, part.command, part.shows))
        self._children.append(child)
        await self._until_ready(child)
        child.keeper = asyncio.create_task(self._keep(child), name=part.name)

    async def run(self, name: str, command: Command) -> None:
        """Runs a command to its end; raises StartFailed if that is not a good one."""
        process = await self._spawn(name, command)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            raise
        finally:
            orphan_guard.release(process.pid)
        if code != 0:
            self._console.replay(name)
            raise StartFailed(f"{name}: {' '.join(command.arguments)} ended with {code}")

    async def stop(self) -> None:
        """Ends every part, the last started first; returns when no process is left."""
        self._stopping.set()
        await self.end_sharing()
        for child in reversed(self._children):
            await self._end(child.process, child.part.command.stop)
            while child.keeper is not None and not child.keeper.done():
                # It may just have restarted the part.
                await self._end(child.process, child.part.command.stop)
                await asyncio.wait({child.keeper}, timeout=0.05)
        self._children.clear()

    def kill(self) -> None:
        """Ends everything at once, for whoever cannot wait for `stop`."""
        for child in self._children:
            _signal(child.process.pid, signal.SIGKILL)

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each part."""
        return {child.part.name: child.process.pid for child in self._children}

    async def _spawn(
        self, name: str, command: Command, shows: Callable[[str], bool] = lambda line: True
    ) -> Process:
        if command.is_module:
            with contextlib.suppress(CannotFork):
                return self._held(name, await self._forks.fork(command), command, shows)
        return await self._execute(name, command, shows)

    async def _execute(
        self, name: str, command: Command, shows: Callable[[str], bool] = lambda line: True
    ) -> Process:
        process = await asyncio.create_subprocess_exec(
            *command.arguments,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **command.environment},
            user=command.user,
            group=None if command.user is None else primary_group(command.user),
            extra_groups=None if command.user is None else [],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C reaches only us: the order in which the parts stop is ours.
            start_new_session=True,
            limit=LINE_BYTES,
            pass_fds=command.descriptors,
        )
        return self._held(name, process, command, shows)

    def _held(
        self, name: str, process: Process, command: Command, shows: Callable[[str], bool]
    ) -> Process:
        """The process, which does not outlive us and whose lines are shown."""
        orphan_guard.hold(process.pid, command.stop)
        reader = asyncio.create_task(self._show(name, process, shows), name=f"{name}-lines")
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        return process

    async def _show(self, name: str, process: Process, shows: Callable[[str], bool]) -> None:
        assert process.stdout is not None
        while True:
            try:
                raw = await process.stdout.readline()
            except ValueError:  # a line beyond LINE_BYTES: dropped, the stream goes on
                continue
            if not raw:
                return
            text = raw.decode(errors="replace").rstrip()
            if text and shows(text):
                self._console.line(name, text)

    async def _until_ready(self, child: _Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not await asyncio.to_thread(child.part.is_ready):
            if child.process.returncode is not None:
                self._console.replay(child.part.name)
                raise StartFailed(f"{child.part.name} ended with {child.process.returncode}")
            if time.monotonic() > deadline:
                self._console.replay(child.part.name)
                raise StartFailed(f"{child.part.name} was not ready in {READY_SECONDS:.0f} s")
            await asyncio.sleep(0.1)

    async def _keep(self, child: _Child) -> None:
        """Starts the part again whenever it ends, later and later if it keeps ending."""
        crashes = 0
        while True:
            started = time.monotonic()
            code = await self._ended(child)
            orphan_guard.release(child.process.pid)
            if self._stopping.is_set():
                return
            crashes = 0 if time.monotonic() - started > STEADY_SECONDS else crashes + 1
            pause = BACK_OFF_SECONDS[min(crashes, len(BACK_OFF_SECONDS) - 1)]
            self._console.replay(child.part.name)
            self._console.problem(
                f"{child.part.name} 意外结束（{code}），{pause} 秒后重启。",
                f"{child.part.name} ended unexpectedly ({code}); it starts again in {pause} s.",
            )
            if await self._stops_within(pause):
                return
            await asyncio.to_thread(child.part.prepare)
            child.process = await self._spawn(child.part.name, child.part.command, child.part.shows)

    async def _ended(self, child: _Child) -> int:
        """Its exit code once it ended, by itself or because it was stuck."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STUCK_SECONDS):
                    return await child.process.wait()
            if not self._stopping.is_set() and await asyncio.to_thread(child.part.is_stuck):
                await self._end(child.process, child.part.command.stop)

    async def _stops_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return self._stopping.is_set()

    async def _end(self, process: Process, stop: signal.Signals) -> None:
        if process.returncode is None:
            _signal(process.pid, stop)
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                _signal(process.pid, signal.SIGKILL)
                await process.wait()
        orphan_guard.release(process.pid)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
