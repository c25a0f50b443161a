"""The store of raw bytes: a file per content, named by its sha256; or a bucket, by setting."""

import asyncio
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request

from services.projects.evidence.buckets import EvidenceBucket, EvidenceStoreDown
from services.projects.evidence.rules import content_hash
from services.projects.settings import ProjectsSettings
from shared.errors import Unavailable


class EvidenceStore(Protocol):
    """Keeps bytes under their own hash: storing the same content twice stores it once.

    Both methods raise EvidenceStoreDown where it cannot be had: nothing is said of the bytes then.
    """

    async def put(self, body: bytes) -> str:
        """Store `body` durably and return its sha256."""

    async def get(self, sha256: str) -> bytes | None:
        """The bytes as they were stored; None when they are gone. The caller checks the hash."""


@lru_cache(maxsize=4)
def store_of(settings: ProjectsSettings) -> EvidenceStore:
    """Where evidence is kept by the settings: one client of a bucket a process."""
    if not settings.evidence_store:
        return EvidenceFiles(settings.evidence_dir)
    return EvidenceBucket.at(
        settings.evidence_store,
        endpoint=settings.evidence_endpoint,
        region=settings.evidence_region,
        access_key=settings.evidence_access_key,
        secret_key=settings.evidence_secret_key,
    )


class EvidenceFiles:
    """Keeps bytes under their own hash: storing the same content twice stores it once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, body: bytes) -> str:
        """Store `body` durably and return its sha256."""
        try:
            return await asyncio.to_thread(self._put, body)
        except OSError as error:
            raise EvidenceStoreDown(type(error).__name__) from error

    async def get(self, sha256: str) -> bytes | None:
        """The bytes as they were stored; None when the file is gone. The caller checks the hash."""
        try:
            return await asyncio.to_thread(self._get, sha256)
        except OSError as error:
            raise EvidenceStoreDown(type(error).__name__) from error

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


class _Answering:
    """The store as requests ask it: while it cannot be had, the answer says so."""

    def __init__(self, store: EvidenceStore) -> None:
        self._store = store

    async def put(self, body: bytes) -> str:
        try:
            return await self._store.put(body)
        except EvidenceStoreDown as error:
            raise Unavailable from error

    async def get(self, sha256: str) -> bytes | None:
        try:
            return await self._store.get(sha256)
        except EvidenceStoreDown as error:
            raise Unavailable from error


async def _store(request: Request) -> EvidenceStore:
    return _Answering(store_of(request.state.settings))


Files = Annotated[EvidenceStore, Depends(_store)]
