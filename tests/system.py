"""The whole system, started as a stranger starts it, for tests that walk through it or break it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.local.servers import free_port
from tests import support
from tests.contracts.round_trips import counting, counting_system

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120
ROUND_TRIPS = "round-trips.jsonl"
SIX = ("postgres", "nats", "appointments", "projects", "feedback", "gateway")
_MARKS = {
    "postgres": "bin/postgres",
    "nats": "nats-server",
}


@dataclass(frozen=True)
class System:
    """A running system: its door, its data, and its processes to break."""

    url: str
    data: Path
    process: "subprocess.Popen[bytes]"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self._options()}

    @property
    def addresses(self) -> dict[str, str]:
        """What `make run` leaves for the other targets: databases, bus, upstreams."""
        known: dict[str, str] = json.loads((self.data / "stack.json").read_text())
        return known

    def _options(self) -> dict[str, str]:
        return {"ONEDOOR_DATA": str(self.data), "PORT": self.url.rpartition(":")[2]}

    def owner_url(self, service: str) -> str:
        return self.addresses[f"{service.upper()}_OWNER_DATABASE_URL"]

    def pid_of(self, name: str) -> int:
        """The process of one of the six, a child of the supervisor.

        Raises LookupError.
        """
        mark = _MARKS.get(name, f"services.{name}.app:create_app")
        for entry in Path("/proc").iterdir():
            is_child = entry.name.isdigit() and _parent(entry) == self.process.pid
            if is_child and mark in _command(entry):
                return int(entry.name)
        raise LookupError(name)

    def workers_of(self, name: str) -> list[int]:
        """The workers of a service that has several, children of its process."""
        first = self.pid_of(name)
        entries = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [int(entry.name) for entry in entries if _parent(entry) == first]

    def kill(self, name: str) -> int:
        """SIGKILL; returns the pid that died."""
        pid = self.pid_of(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def accounts(self) -> dict[str, dict[str, Any]]:
        listed = json.loads((self.data / "demo-accounts.json").read_text())
        return {account["account"]: account for account in listed}

    def sign_in(self, account: str) -> dict[str, str]:
        """Headers of a demo account."""
        form = {
            "grant_type": "password",
            "username": account,
            "password": self.accounts()[account]["password"],
        }
        answer = httpx.post(f"{self.url}/api/v1/auth/token", data=form, timeout=10)
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Raises AssertionError with the last log lines if it takes too long or ends."""
        deadline = time.monotonic() + seconds
        while not (self._has_started() and self.is_ready()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("\n".join(self.log().splitlines()[-40:]))
            time.sleep(0.1)

    def _has_started(self) -> bool:
        """All is up and the banner with the accounts is shown."""
        return "make tour" in self.log()

    def statements(self) -> dict[str, list[str]]:
        """What each request asked the databases for, by the request's id."""
        return counting.read(self.data / ROUND_TRIPS)

    def log(self) -> str:
        return (self.data / "test.log").read_text(errors="replace")


def _command(entry: Path) -> str:
    """How the process was started; nothing for one that has just ended."""
    try:
        return (entry / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return -1


@contextmanager
def running_system(**options: str) -> Iterator[System]:
    """A system of its own: private data, free ports, gone without a trace afterwards.

    `options` are those of `make run`: `WORKERS="2"`.
    """
    with support.private_folder() as folder:
        (folder / "data").mkdir()
        with started(folder / "data", free_port(), **options) as system:
            yield system


@contextmanager
def counted_system() -> Iterator[System]:
    """The same, and what each request asks the databases for is counted."""
    with support.private_folder() as folder:
        data = folder / "data"
        data.mkdir()
        counted = {counting.FILE: str(data / ROUND_TRIPS)}
        with started(data, free_port(), counting_system.__name__, **counted) as system:
            yield system


@contextmanager
def started(
    data: Path, port: int, module: str = "deploy.local", **options: str
) -> Iterator[System]:
    """The system on that data, ready; stopped in its orderly way afterwards."""
    environment = {**os.environ, "ONEDOOR_DATA": str(data), "PORT": str(port), "VERBOSE": "1"}
    for name in ("ONEDOOR_DATABASE_URL", "ONEDOOR_NATS_URL", "HOST"):
        environment.pop(name, None)
    with (data / "test.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT, env={**environment, **options}, stdout=log, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    system = System(f"http://127.0.0.1:{port}", data, process)
    try:
        system.wait_until_ready()
        yield system
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        finally:
            process.kill()
