"""Where the system is that the other `make` targets work on: the running one, or named servers.

`python -m deploy.running COMMAND...` runs a command that reads such addresses from its environment.
"""

import json
import os
import sys
from pathlib import Path

from deploy.local import options
from shared.database import addresses


def environment() -> dict[str, str]:
    """Addresses of the running system's databases and bus, overlaid with our own environment.

    `make run` leaves them in `.data/stack.json`; on a server they come from the environment alone.
    """
    path = options.read().data / "stack.json"
    known = json.loads(path.read_text(encoding="utf-8")) if _is_ours(path) else {}
    return {**known, **os.environ}


def address(name: str) -> str:
    """One of those addresses; exits with a message when nobody told it."""
    found = environment().get(name)
    if found:
        return found
    return sys.exit(
        f"系统没有在运行：先 make run，或设置 {name}。\n"
        f"The system is not running: make run first, or set {name}."
    )


def url() -> str:
    """The gateway's address: of PORT where that is set, else of the running system."""
    chosen = options.read()
    if os.environ.get("PORT"):
        return chosen.url
    return environment().get("ONEDOOR_URL", chosen.url)


def owner_url(service: str) -> str:
    """The owner's address of a service's database."""
    found = addresses.owner_url(service, environment())
    return found or address(f"{service.upper()}_OWNER_DATABASE_URL")


def _is_ours(path: Path) -> bool:
    return path.exists() and os.access(path, os.R_OK)


def main(command: list[str]) -> None:
    address("ONEDOOR_DATABASE_URL")
    os.execvpe(command[0], command, environment())


if __name__ == "__main__":
    main(sys.argv[1:])
