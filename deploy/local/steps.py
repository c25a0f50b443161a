"""Which steps of a start a system has behind it, so that later starts need not take them again.

A service's demo data is made by its own code from its own files, and its tables by its migrations:
while those are the same, taking the step again would change nothing.
"""

import hashlib
import json
from pathlib import Path

from deploy.local.options import ROOT


def fingerprint(service: str, part: str = "") -> str:
    """Equal while every file of the service, or of that part of it, is the same."""
    digest = hashlib.sha256()
    folder = ROOT / "services" / service / part
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(folder)).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Done:
    """Steps that were taken, kept in a file that is gone when the databases are."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def holds(self, step: str, mark: str) -> bool:
        """Whether the step was taken, and nothing that it depends on changed."""
        return self._read().get(step) == mark

    def note(self, step: str, mark: str) -> None:
        """Whole or not at all: a file that was cut off would be read as nothing done."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps({**self._read(), step: mark}, indent=1))
        draft.replace(self._path)

    def _read(self) -> dict[str, str]:
        try:
            known: dict[str, str] = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return known
