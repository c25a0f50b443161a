"""Whose a data folder is: the system marks its own, and touches nothing else in it.

`ONEDOOR_DATA` may name any folder, a home directory too. What the system makes there is known by
name, and it counts as the system's only where its marker lies beside it.
"""

import json
import shutil
from dataclasses import fields
from pathlib import Path

from deploy.local.options import BadOption
from deploy.local.secrets import Secrets

NAME = ".onedoor-data"
CONTENT = "一扇门的数据，由 make reset 删除。 Data of OneDoor; make reset deletes it.\n"
ENTRIES = (
    *(
        "postgres",
        "nats",
        "keys",
        "evidence",
        "documents",
        "logs",
        "run.lock",
        "secrets.json",
        "stack.json",
    ),
    *(
        "demo-accounts.json",
        "demo-portal.day",
        "demo-portal.pages",
        "demo-portal.port",
        "nats.port",
        "nats-monitor.port",
    ),
)
"""Everything that `make run` leaves in its folder; a test compares it with a real run."""
DRAFTS = ("secrets.new", ".demo-accounts.json.*")
"""What a write that was cut off may leave."""


def claim(folder: Path) -> None:
    """Marks the folder as the system's. Raises BadOption where somebody's files have our names."""
    folder.mkdir(parents=True, exist_ok=True)
    if is_ours(folder):
        return
    if taken := [path.name for path in held(folder)]:
        names = "、".join(taken)
        raise BadOption(
            f"{folder} 里已有别人的文件（{names}）。请另选一个文件夹：ONEDOOR_DATA=…",
            f"{folder} holds files that are not this system's ({', '.join(taken)})."
            " Choose another folder: ONEDOOR_DATA=...",
        )
    (folder / NAME).write_text(CONTENT, encoding="utf-8")


def is_ours(folder: Path) -> bool:
    """Whether the folder carries the marker, or secrets as only this system writes them."""
    return (folder / NAME).is_file() or _has_our_secrets(folder / "secrets.json")


def held(folder: Path) -> list[Path]:
    """What lies in the folder under the names that the system uses."""
    named = [folder / name for name in ENTRIES]
    drafts = [path for pattern in DRAFTS for path in sorted(folder.glob(pattern))]
    return [path for path in (*named, *drafts) if path.exists() or path.is_symlink()]


def wipe(folder: Path) -> list[Path]:
    """Deletes what the system made and the marker last, so that a wipe cut short can be repeated.

    Returns what is left: things of somebody else. An empty folder goes too. A link is removed and
    what it points to stays.
    """
    for path in held(folder):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / NAME).unlink(missing_ok=True)
    left = sorted(folder.iterdir())
    if not left and not folder.is_symlink():
        folder.rmdir()
    return left


def _has_our_secrets(path: Path) -> bool:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(known, dict) and {field.name for field in fields(Secrets)} <= known.keys()
