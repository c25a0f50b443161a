"""Where the system is that the other `make` targets work on: the running one, or named servers.

`python -m deploy.running COMMAND...` runs a command that reads such addresses from its environment.
"""

import json
import os
import sys
from pathlib import Path

from deploy.local import options
from deploy.local.options import Options
from shared.database import addresses
from shared.errors import Text


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
        f"系统没有在运行：先 make run（写了 ONEDOOR_DATA=… 的，这里也写同一个），或设置 {name}。\n"
        "The system is not running: make run first (and give the same ONEDOOR_DATA=... here), or"
        f" set {name}."
    )


def url() -> str:
    """The gateway's address: of PORT where that is set, else of the running system."""
    chosen = options.read()
    if os.environ.get("PORT"):
        return chosen.url
    return environment().get("ONEDOOR_URL", chosen.url)


def not_there(target: str, data: Path) -> Text:
    """That no system runs on that folder, and which variable names another one."""
    wanted = Options(data=Path("/path/to/data")).command(target)
    return Text(
        f"{data} 里没有正在运行的系统：请先在另一个终端运行 make run。"
        f"若 make run 时写了 ONEDOOR_DATA=…，这里也要写同一个：{wanted}",
        f"No system runs on {data}: start make run in another terminal first. Where that was given"
        f" ONEDOOR_DATA=..., give the same here: {wanted}",
    )


def no_answer(target: str, url: str) -> Text:
    """That nothing answers at the address, and which variables it comes from."""
    return Text(
        f"{url} 没有应答：请先在另一个终端运行 make run。若 make run 时写了 PORT=… 或"
        f" ONEDOOR_DATA=…，这里也要写同样的，例如 make {target} PORT=8100",
        f"Nothing answers at {url}: start make run in another terminal first. Where that was given"
        f" PORT=... or ONEDOOR_DATA=..., give the same here, such as make {target} PORT=8100",
    )


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
