"""A server process of the embedded stack: how it is started, and a running one."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import orphan_guard

START_SECONDS = 60.0
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Command:
    """What to execute; `user` is the account to run as, when it is not our own."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: str | None = None
    stop: signal.Signals = signal.SIGTERM
    descriptors: tuple[int, ...] = ()
    """Those that it gets from us, under the same numbers."""

    @property
    def is_module(self) -> bool:
        """Whether it is `python -m ...`, and so may be forked instead of executed."""
        return self.user is None and self.arguments[:2] == (sys.executable, "-m")


class StartFailed(Exception):
    """A server did not come up; the message ends with what it logged."""


@dataclass(frozen=True)
class Running:
    """A started server, bound to this process's life."""

    process: subprocess.Popen[bytes]
    port: int
    command: Command
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self, seconds: float = 20.0) -> None:
        """Ends the server in its orderly way, or by SIGKILL after `seconds`."""
        if self.process.poll() is None:
            self.process.send_signal(self.command.stop)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        orphan_guard.release(self.pid)

    def kill(self) -> None:
        """Ends the server at once, as a crash would."""
        self.process.kill()
        self.process.wait()
        orphan_guard.release(self.pid)


def start(command: Command, port: int, log: Path, is_ready: Callable[[], bool]) -> Running:
    """The server, once `is_ready` says so; raises StartFailed with its last log lines."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command.arguments,
            env={**os.environ, **command.environment},
            user=command.user,
            group=None if command.user is None else primary_group(command.user),
            extra_groups=None if command.user is None else [],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    orphan_guard.hold(process.pid, command.stop)
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            orphan_guard.release(process.pid)
            raise StartFailed(f"{command.arguments[0]}\n{_tail(log)}")
        time.sleep(0.02)
    return Running(process, port, command, log)


def primary_group(user: str) -> int:
    """The group id that belongs to a user name."""
    import pwd

    return pwd.getpwnam(user).pw_gid


def free_port(host: str = LOOPBACK) -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def kept_port(kept_in: Path) -> int:
    """The port remembered in that file, so that addresses stay the same from start to start.

    A new one is remembered where there is none yet, or where somebody else has it now.
    """
    with suppress(FileNotFoundError, ValueError):
        port = int(kept_in.read_text())
        if _is_free(port):
            return port
    port = free_port()
    kept_in.parent.mkdir(parents=True, exist_ok=True)
    kept_in.write_text(str(port))
    return port


def _is_free(port: int) -> bool:
    """Whether a server can listen on it: the free ports are those of outgoing connections too."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def accepts(port: int, host: str = LOOPBACK) -> bool:
    """Whether somebody listens on the port."""
    try:
        socket.create_connection((host, port), 0.2).close()
    except OSError:
        return False
    return True


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
