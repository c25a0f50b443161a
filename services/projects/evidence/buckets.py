"""The store of raw bytes in an S3-compatible service: an object per content, named by its sha256.

Asks for no more of the service than plain GET and PUT, which those of all makers have. A PUT is
whole or it is not there; each is read back, so that what is said to be kept is kept.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store
from pydantic import SecretStr

from services.projects.evidence.rules import content_hash

if TYPE_CHECKING:
    from obstore.store import S3Config

RETRIES, RETRY_TIME = 5, timedelta(seconds=30)
REQUEST_TIME = timedelta(seconds=20)


class EvidenceStoreDown(OSError):
    """The store cannot be reached, refuses, or does not give back what was put there."""


class EvidenceBucket:
    """Keeps bytes under their own hash, as `files.EvidenceFiles` does.

    Both methods raise EvidenceStoreDown once retries with growing pauses have failed.
    """

    def __init__(self, store: S3Store) -> None:
        self._store = store

    @classmethod
    def at(
        cls,
        address: str,
        *,
        endpoint: str,
        region: str,
        access_key: SecretStr,
        secret_key: SecretStr,
        retries: int = RETRIES,
    ) -> "EvidenceBucket":
        """The store at `s3://bucket/prefix`. Without keys: those of the machine or its `AWS_...`.

        A bucket is named in the path, or in the host where the endpoint's begins with its name.
        """
        parts, host = urlsplit(address), urlsplit(endpoint).hostname or ""
        bucket = parts.netloc
        config: S3Config = {
            "region": region,
            "virtual_hosted_style_request": host.startswith(f"{bucket}."),
        }
        if endpoint:
            config["endpoint"] = endpoint
        if access_key.get_secret_value():
            config["access_key_id"] = access_key.get_secret_value()
            config["secret_access_key"] = secret_key.get_secret_value()
        store = S3Store(
            bucket,
            prefix=parts.path.strip("/") or None,
            config=config,
            client_options={"allow_http": True, "timeout": REQUEST_TIME},
            retry_config={"max_retries": retries, "retry_timeout": RETRY_TIME},
        )
        return cls(store)

    async def put(self, body: bytes) -> str:
        """Store `body` durably and return its sha256; once it was read back as it is."""
        sha256 = content_hash(body)
        if await self.get(sha256) == body:
            return sha256
        with _down_if_refused():
            await obstore.put_async(self._store, _path(sha256), body)
        if await self.get(sha256) != body:
            raise EvidenceStoreDown("the store gives back other bytes than were put there")
        return sha256

    async def get(self, sha256: str) -> bytes | None:
        """The bytes as they were stored; None when the object is gone. The caller checks the
        hash."""
        with _down_if_refused():
            try:
                found = await obstore.get_async(self._store, _path(sha256))
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                return None


def _path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


@contextmanager
def _down_if_refused() -> Iterator[None]:
    """What the store says of a fault may hold its address: only the kind of it is told on."""
    try:
        yield
    except BaseError as error:
        raise EvidenceStoreDown(type(error).__name__) from None
