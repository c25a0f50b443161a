"""Children that do not outlive this process, however it ends.

A guardian process holds the reading end of a pipe whose other end only this process has. When this
process is gone, even by SIGKILL, the pipe closes and the guardian stops what is still listed. It
works the same on Linux and macOS, and for children that have changed their user.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

GRACE_SECONDS = 10.0

_lock = Lock()
_guardian: int | None = None
_shared: list[int] = []


def share(descriptor: int) -> None:
    """The guardian keeps `descriptor` open too, so that a lock on it lasts until it has finished.

    To be called before the first `hold`.
    """
    _shared.append(descriptor)


def hold(pid: int, stop: signal.Signals = signal.SIGTERM) -> None:
    """`pid` gets `stop`, and SIGKILL after `GRACE_SECONDS`, when this process is gone."""
    _notify(f"+{pid} {int(stop)}\n")


def release(pid: int) -> None:
    """`pid` has ended; its number may become another process's."""
    _notify(f"-{pid} 0\n")


def _notify(line: str) -> None:
    global _guardian
    with _lock:
        if _guardian is None:
            _guardian = _start()
        with contextlib.suppress(BrokenPipeError):
            os.write(_guardian, line.encode())


def _start() -> int:
    """The writing end of a new guardian's pipe."""
    reading, writing = os.pipe()
    subprocess.Popen(
        [sys.executable, "-S", "-E", str(Path(__file__))],
        stdin=reading,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        pass_fds=_shared,
        start_new_session=True,
    ).returncode = 0  # nobody waits for it: it ends after this process
    os.close(reading)
    return writing


def _guard(lines: Iterable[str]) -> None:
    held: dict[int, int] = {}
    for line in lines:
        pid, stop = map(int, line[1:].split())
        if line[0] == "+":
            held[pid] = stop
        else:
            held.pop(pid, None)
    left = {pid for pid, stop in held.items() if _send(pid, stop)}
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = {pid for pid in left if _send(pid, 0)}
    for pid in left:
        _send(pid, signal.SIGKILL)


def _send(pid: int, number: int) -> bool:
    """Whether there was such a process."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _guard(sys.stdin)
