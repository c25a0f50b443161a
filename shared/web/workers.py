"""Several processes of one service behind one port, for as many cores.

The first process binds the port, imports the service once and forks the workers, which all accept
from that one socket: the kernel hands a connection to whoever is free, and one that nobody has
accepted is lost with no worker. A worker that is killed is forked again; one that ends by itself
right after its start would only do so again, and ends them all.
"""

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

import structlog

from shared.observability import logs
from shared.web import forks

PLACE, FOLDER = "ONEDOOR_WORKER", "ONEDOOR_WORKERS_DIR"
"""In the environment of a worker: which one it is, from 0, and where it finds the others."""
ENDINGS = (signal.SIGTERM, signal.SIGINT)
STEADY_SECONDS = 5.0
PAUSE_SECONDS = 1.0
BIND_SECONDS = 15.0

log = structlog.get_logger()

Serve = Callable[[socket.socket, int], int]
"""Serves on the socket until the descriptor is at its end, or a signal comes. The exit code."""


class Workers:
    """The workers of this process, by their ids; see the module's docstring."""

    def __init__(self, count: int, port: socket.socket, serve: Serve) -> None:
        self._count, self._port, self._serve = count, port, serve
        self._leash, self._held = os.pipe()
        self._living: dict[int, tuple[int, float]] = {}
        self._stopping = False

    def run(self) -> int:
        """Until a signal ends them all. The exit code: of a worker that could not start, else 0."""
        for ending in ENDINGS:
            signal.signal(ending, self._stop)
        outcome = 0
        for place in range(self._count):
            self._start(place)
        while self._living:
            pid, status = os.wait()
            place, began = self._living.pop(pid, (-1, 0.0))
            if self._stopping or place < 0:
                continue
            code, is_steady = os.waitstatus_to_exitcode(status), _since(began) > STEADY_SECONDS
            if code > 0 and not is_steady:
                outcome = code
                self._end_all()
                continue
            log.error("worker_ended", worker=place, code=code)
            if not is_steady:
                time.sleep(PAUSE_SECONDS)
            self._start(place)
        return outcome

    def _start(self, place: int) -> None:
        # A signal in between would find a worker that is not listed, or that takes itself for us.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
        pid = 0 if self._stopping else os.fork()
        if pid:
            self._living[pid] = (place, time.monotonic())
        elif not self._stopping:
            self._become(place)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)

    def _become(self, place: int) -> NoReturn:
        os.close(self._held)
        os.environ[PLACE] = str(place)
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        sys.exit(self._serve(self._port, self._leash))

    def _stop(self, _: int, __: FrameType | None) -> None:
        self._end_all()

    def _end_all(self) -> None:
        self._stopping = True
        for pid in list(self._living):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def run(count: int, factory: str, host: str, port: int, serve: Serve) -> int:
    """Serves with so many workers until a signal comes. The exit code."""
    bound, ours = _bound(host, port), os.getpid()
    module = factory.partition(":")[0]
    logs.configure(os.environ.get("ONEDOOR_ENV", "local"), module.split(".")[1])
    forks.load([module])
    deque(forks.prepare([module]), maxlen=0)
    folder = tempfile.mkdtemp(prefix="onedoor-workers-")
    os.environ[FOLDER] = folder
    try:
        return Workers(count, bound, serve).run()
    finally:
        if os.getpid() == ours:
            shutil.rmtree(folder, ignore_errors=True)


def _bound(host: str, port: int) -> socket.socket:
    """The port. Workers of a process that was killed hold it until they have finished."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + BIND_SECONDS
    while True:
        try:
            bound.bind((host, port))
            return bound
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _since(began: float) -> float:
    return time.monotonic() - began
