"""One system per data directory, and a port that is free: told before anything starts."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import marker, orphan_guard
from deploy.local.options import BadOption, Options
from deploy.local.servers import LOOPBACK

LOCK = "run.lock"
LEFT_OVER_SECONDS = 15.0
USUAL_PORTS, PORTS_TRIED = 8001, 50


def claim(options: Options) -> None:
    """The folder and the port, for this process; a refused start leaves no new folder behind.

    Raises BadOption as `take` and `check_port` do.
    """
    if not (options.data / LOCK).exists():
        check_port(options)
    take(options)  # of a folder that is known, first: what it left may have the port a moment more
    check_port(options)


def take(options: Options) -> None:
    """Claims the data directory until this process and all that it starts are gone.

    Raises BadOption when a system runs on it already, or it holds somebody else's files under our
    names.
    """
    marker.claim(options.data)
    path = options.data / LOCK
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LEFT_OVER_SECONDS
    while not _locked(descriptor):
        holder = _holder(path)
        if _lives(holder.get("pid", 0)) or time.monotonic() > deadline:
            raise BadOption(
                f"系统已在运行：{holder.get('url', '?')}。停止它请在其窗口按 Ctrl-C。",
                f"The system is running already: {holder.get('url', '?')}. Ctrl-C in its window"
                " stops it.",
            )
        time.sleep(0.2)  # its supervisor was killed; the guardian is stopping what it left
    os.ftruncate(descriptor, 0)
    os.write(descriptor, json.dumps({"pid": os.getpid(), "url": options.url}).encode())
    orphan_guard.share(descriptor)


def check_port(options: Options) -> None:
    """Raises BadOption unless the gateway can listen where it should."""
    fault = _fault(options.host, options.port)
    if fault is not None:
        zh, en = _elsewhere(options)
        raise BadOption(
            f"无法在 {options.host}:{options.port} 上监听（{fault}）。{zh}",
            f"Cannot listen on {options.host}:{options.port} ({fault}). {en}",
        )


def _fault(host: str, port: int) -> str | None:
    """Why nothing can listen there; None where it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror
    return None


def _elsewhere(options: Options) -> tuple[str, str]:
    """What to type instead, for the same folder: the next port that is free there."""
    first = max(options.port + 1, USUAL_PORTS)
    ports = range(first, min(first + PORTS_TRIED, 65536))
    free = next((port for port in ports if _fault(options.host, port) is None), None)
    if free is None:
        command = options.command("run")
        return f"换一个地址：{command} HOST={LOOPBACK}。", f"Try {command} HOST={LOOPBACK}"
    host = "" if options.host == LOOPBACK else f" HOST={options.host}"
    command = f"{options.command('run')}{host} PORT={free}"
    return f"换一个端口：{command}。", f"Try another port: {command}"


@contextmanager
def claimed(data: Path) -> Iterator[bool]:
    """Whether nothing runs on the data directory; while it is so here, nothing can start on it."""
    descriptor = os.open(data / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> dict[str, int]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0
