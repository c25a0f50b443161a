"""What must be true before the door opens: keys, and nothing of a demonstration in earnest."""

import asyncio
import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import demo_accounts, keys, queries
from services.gateway.access.keys import NoKeys, SigningKeys
from services.gateway.access.passwords import HashingLimit
from services.gateway.access.places import Places
from services.gateway.access.tokens import Issuer
from shared import clock
from shared.security.index_chain import encoded_keys

RETRY_SECONDS = 1.0
REREAD_SECONDS = 30.0
FEWEST_DIFFERENT_BYTES = 12
"""A random 32-byte key has about 30; `AAAA...` or `changeme...` have few."""

log = structlog.get_logger()


class UnsafeStart(RuntimeError):
    """The gateway refuses to start; the message names each reason and its setting."""


@dataclass(frozen=True)
class Access:
    """What the access routes find in `request.state.access`."""

    keys: SigningKeys
    issuer: Issuer
    hashing: HashingLimit
    places: Places


def prepare_keys(folder: Path, env: str) -> SigningKeys:
    """The signing keys; a local system makes its first one. Raises UnsafeStart."""
    signing = SigningKeys(folder)
    if env == "local":
        keys.create_first(folder, clock.now())
    try:
        signing.read()
    except (NoKeys, ValueError, KeyError) as error:
        raise UnsafeStart(
            f"{error}; make one: python -m services.gateway.access.keys rotate"
        ) from None
    if env == "production" and (exposed := signing.exposed()):
        raise UnsafeStart(f"GATEWAY_KEYS_DIR: others may read {exposed}; they must be 0600")
    return signing


def refuse_weak_secrets(column_keys: str, index_keys: str, database_url: str) -> None:
    """Raises UnsafeStart for secrets that were copied from an example."""
    named = {"ONEDOOR_COLUMN_KEYS": column_keys, "ONEDOOR_INDEX_KEY": index_keys}
    faults = [name for name, keys in named.items() if any(map(_is_weak, encoded_keys(keys)))]
    password = urlsplit(database_url).password
    if password is not None and password in ("", "postgres", "password", "secret", "changeme"):
        faults.append("GATEWAY_DATABASE_URL")
    if faults:
        raise UnsafeStart(f"default or weak secrets in {', '.join(faults)}")


def _is_weak(encoded: str) -> bool:
    try:
        return len(set(base64.b64decode(encoded))) < FEWEST_DIFFERENT_BYTES
    except binascii.Error:
        return True


async def settle_accounts(
    sessions: async_sessionmaker[AsyncSession], env: str, demo_file: Path
) -> None:
    """In a local system the demo accounts stand afterwards; elsewhere there are none.

    Waits for a database that is not there yet. Raises UnsafeStart.
    """
    while True:
        try:
            async with sessions() as session, session.begin():
                if env == "local":
                    if not await demo_accounts.are_there(session, demo_file):
                        await demo_accounts.ensure(session, demo_file, clock.now())
                    return
                present = await queries.demo_names(session)
                break
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("database_awaited", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
    if present:
        raise UnsafeStart(f"demo accounts exist: {', '.join(present)}; disable or delete them")
    if env == "production" and await asyncio.to_thread(demo_file.exists):
        raise UnsafeStart(f"GATEWAY_DEMO_ACCOUNTS_FILE exists: {demo_file}")


async def reread_keys(signing: SigningKeys) -> None:
    """Until cancelled: takes in keys that were added or removed."""
    while True:
        await asyncio.sleep(REREAD_SECONDS)
        try:
            signing.read()
        except (NoKeys, OSError, ValueError, KeyError) as error:
            log.error("keys_not_read", error=type(error).__name__)
