"""The store of raw bytes: a file per content, named by its sha256; or a bucket, by setting.

After a move what still lies in the former store is read there (`ReadThrough`).
"""

import asyncio
import os
import tempfile
from dataclasses import dataclass
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
    """Where evidence is kept by the settings, and read: one client of a bucket a process."""
    former = former_store_of(settings)
    present = present_store_of(settings)
    return present if former is None else ReadThrough(present, former)


def present_store_of(settings: ProjectsSettings) -> EvidenceStore:
    """That in which new evidence is kept."""
    if not settings.evidence_store:
        return EvidenceFiles(settings.evidence_dir)
    return EvidenceBucket.at(
        settings.evidence_store,
        endpoint=settings.evidence_endpoint,
        region=settings.evidence_region,
        access_key=settings.evidence_access_key,
        secret_key=settings.evidence_secret_key,
    )


def former_store_of(settings: ProjectsSettings) -> EvidenceStore | None:
    """That in which evidence was kept before, if it was moved."""
    if not settings.evidence_former:
        return None
    if not settings.evidence_former.startswith("s3://"):
        return EvidenceFiles(Path(settings.evidence_former))
    keys = settings.evidence_former_access_key, settings.evidence_former_secret_key
    if not keys[0].get_secret_value():
        keys = settings.evidence_access_key, settings.evidence_secret_key
    return EvidenceBucket.at(
        settings.evidence_former,
        endpoint=settings.evidence_former_endpoint or settings.evidence_endpoint,
        region=settings.evidence_former_region or settings.evidence_region,
        access_key=keys[0],
        secret_key=keys[1],
    )


@dataclass(frozen=True)
class ReadThrough:
    """Keeps in the present store; what is not whole there is read from the former one."""

    present: EvidenceStore
    former: EvidenceStore

    async def put(self, body: bytes) -> str:
        return await self.present.put(body)

    async def get(self, sha256: str) -> bytes | None:
        """As it is in the present store, or else whole in the former one."""
        body = await self.present.get(sha256)
        if body is not None and content_hash(body) == sha256:
            return body
        before = await self.former.get(sha256)
        is_whole = before is not None and content_hash(before) == sha256
        return before if is_whole else body


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
        if self._get(sha256) == body:  # of the same size may also be what has rotted
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
