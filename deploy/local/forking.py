"""Processes that the fork server makes for us, where that is possible; see `fork_server`.

Elsewhere, or once the fork server is gone, each process executes Python and imports by itself.
"""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from deploy.local.options import ROOT
from deploy.local.servers import Command

LINE_BYTES = 1 << 20
"""What of a line without an end is read into memory."""

_SET_CHILD_SUBREAPER = 36
"""`PR_SET_CHILD_SUBREAPER` of prctl(2)."""


class CannotFork(Exception):
    """There is no fork server, or no longer."""


class Forked:
    """A process that was forked for us, with what we use of `asyncio.subprocess.Process`."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader) -> None:
        self.pid, self.stdout = pid, stdout
        self.returncode: int | None = None
        self._has_ended = asyncio.Event()
        self._descriptor = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._collect)

    async def wait(self) -> int:
        """Its exit code, once it has ended; minus the signal that ended it."""
        await self._has_ended.wait()
        assert self.returncode is not None
        return self.returncode

    def terminate(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGTERM)

    def _collect(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self._has_ended.set()


Process: TypeAlias = asyncio.subprocess.Process | Forked


class ForkServer:
    """The socket to a fork server: one request at a time, each answered by a process id."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._turn = asyncio.Lock()

    async def start(
        self, execute: Callable[[Command], Awaitable[Process]], modules: Sequence[str]
    ) -> Process | None:
        """Executes a fork server; what is asked of it waits until it has imported the modules.

        None where processes cannot be adopted and waited for: anywhere but on Linux.
        """
        if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
            return None
        adopt_orphans()
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with its:
            words = (sys.executable, "-m", "deploy.local.fork_server", str(its.fileno()), *modules)
            place = {"PYTHONPATH": str(ROOT)}
            process = await execute(Command(words, place, descriptors=(its.fileno(),)))
        self._socket = ours
        return process

    async def fork(self, command: Command) -> Forked:
        """The process of that command, which is `python -m ...`. Raises CannotFork."""
        reading, writing = os.pipe()
        try:
            pid = await self._asked(command, writing)
        except (OSError, ValueError, CannotFork) as error:
            os.close(reading)
            raise CannotFork from error
        finally:
            os.close(writing)
        lines = asyncio.StreamReader(limit=LINE_BYTES)
        protocol = asyncio.StreamReaderProtocol(lines)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: protocol, os.fdopen(reading, "rb", 0)
        )
        return Forked(pid, lines)

    def stop(self) -> None:
        """The fork server ends when nobody can ask it any more; what it forked goes on."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _asked(self, command: Command, output: int) -> int:
        async with self._turn:
            if self._socket is None:
                raise CannotFork
            words = {"arguments": command.arguments, "environment": dict(command.environment)}
            pid = 0
            try:
                socket.send_fds(self._socket, [json.dumps(words).encode()], [output])
                pid = int(await asyncio.get_running_loop().sock_recv(self._socket, 32))
            finally:
                if not pid:  # it is gone; or we are, and the next would get our answer
                    self.stop()
            return pid


def adopt_orphans() -> None:
    """Descendants whose parent ends become our children, so that we learn how they end."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
