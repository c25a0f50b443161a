"""The keys of the process, for what has only its session at hand."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import DirectPool, memory_of
from shared.security.crypto import Keyring


@dataclass
class Loaded:
    """The keyring, and the pool for what commits by itself; None outside of an application."""

    keyring: Keyring | None = None
    direct: DirectPool | None = None


def load(direct: DirectPool, keyring: Keyring) -> None:
    """Lets `loaded` find them, by this pool and by every session of the application."""
    known = memory_of(direct, Loaded)
    known.keyring, known.direct = keyring, direct


def loaded(source: AsyncSession | DirectPool) -> Loaded:
    return memory_of(source, Loaded)
