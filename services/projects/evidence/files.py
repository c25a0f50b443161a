"""The store of raw bytes: a file per content, named by its sha256."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from services.projects.evidence.rules import content_hash


class EvidenceFiles:
    """Keeps bytes under their own hash: storing the same content twice stores it once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, body: bytes) -> str:
        """Store `body` durably and return its sha256."""
        return await asyncio.to_thread(self._put, body)

    async def get(self, sha256: str) -> bytes | None:
        """The bytes as they were stored; None when the file is gone. The caller checks the hash."""
        return await asyncio.to_thread(self._get, sha256)

    def _put(self, body: bytes) -> str:
        sha256 = content_hash(body)
        path = self._path(sha256)
        if path.exists() and path.stat().st_size == len(body):
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(draft, 0o440)
            os.replace(draft, path)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return sha256

    def _get(self, sha256: str) -> bytes | None:
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256[2:4] / sha256


def _sync_folder(folder: Path) -> None:
    """A new name is on disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def _files(request: Request) -> EvidenceFiles:
    return EvidenceFiles(request.state.settings.evidence_dir)


Files = Annotated[EvidenceFiles, Depends(_files)]
