"""Which demo data a system holds already, so that later starts need not look at it again.

A service's demo data is made by its own code from its own files: while those are the same, loading
them again would change nothing.
"""

import hashlib
import json
from pathlib import Path

from deploy.local.options import ROOT


def fingerprint(service: str) -> str:
    """Equal while every file of the service is the same."""
    digest = hashlib.sha256()
    folder = ROOT / "services" / service
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(folder)).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Loaded:
    """What was loaded into the databases, kept in a file that is gone when they are."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def holds(self, service: str, mark: str) -> bool:
        """Whether the demo data of that fingerprint is there."""
        return self._read().get(service) == mark

    def note(self, service: str, mark: str) -> None:
        """Whole or not at all: a file that was cut off would be read as nothing loaded."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps({**self._read(), service: mark}, indent=1))
        draft.replace(self._path)

    def _read(self) -> dict[str, str]:
        try:
            known: dict[str, str] = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return known
