"""What `make run` was asked for, read from its environment."""

import ipaddress
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.servers import LOOPBACK
from deploy.services import SERVICES

ROOT = Path(__file__).resolve().parents[2]
_WORKERS = {"": "WORKERS", **{service: f"{service.upper()}_WORKERS" for service in SERVICES}}


class BadOption(Exception):
    """An option that cannot be used; carries the message in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Options:
    """Where the system listens, where it keeps its data, whose servers it uses."""

    host: str = LOOPBACK
    port: int = 8000
    data: Path = ROOT / ".data"
    database_url: str | None = None
    nats_url: str | None = None
    is_verbose: bool = False
    workers: Mapping[str, int] = field(default_factory=dict)
    """How many processes a service has, by service; `""` is for those that are not named."""

    def command(self, target: str) -> str:
        """What to type for another target of `make` to find this system.

        Its port is known from its folder; only where that is not the usual one has it to be named.
        """
        if self.data == Options.data:
            return f"make {target}"
        return f"make {target} ONEDOOR_DATA={shlex.quote(str(self.data))}"

    def workers_of(self, service: str) -> int:
        return self.workers.get(service) or self.workers.get("") or 1

    @property
    def url(self) -> str:
        """The address of the gateway as a browser on this machine sees it."""
        host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def read(environment: Mapping[str, str] = os.environ) -> Options:
    """The options; raises BadOption for one that makes no sense."""
    return Options(
        host=_address(environment.get("HOST") or LOOPBACK),
        port=_port(environment.get("PORT") or "8000"),
        data=Path(environment.get("ONEDOOR_DATA") or ROOT / ".data").absolute(),
        database_url=environment.get("ONEDOOR_DATABASE_URL") or None,
        nats_url=environment.get("ONEDOOR_NATS_URL") or None,
        is_verbose=environment.get("VERBOSE", "") not in ("", "0"),
        workers={
            service: _workers(name, environment[name])
            for service, name in _WORKERS.items()
            if environment.get(name)
        },
    )


def _workers(name: str, text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 64:
        return int(text)
    raise BadOption(
        f"{name}={text} 不是进程数（1 到 64）。",
        f"{name}={text} is no number of workers (1 to 64).",
    )


def _address(text: str) -> str:
    """An IP address. Some shells and compilers set HOST to a machine's name: that is no address."""
    if text == "localhost":
        return LOOPBACK
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise BadOption(
            f"HOST={text} 不是 IP 地址。仅本机：make run HOST=127.0.0.1；对外：HOST=0.0.0.0。",
            f"HOST={text} is not an IP address. For this machine only: make run HOST=127.0.0.1;"
            " for others too: HOST=0.0.0.0",
        ) from None


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise BadOption(
        f"PORT={text} 不是端口号（1 到 65535）。", f"PORT={text} is not a port (1 to 65535)."
    )
