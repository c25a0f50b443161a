"""Passwords: argon2id with the parameters of OWASP's cheat sheet (19 MiB, two passes)."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import Unavailable

AT_ONCE = 2
QUEUE = 10
"""Whoever waits holds one of the gateway's own places, of which there are some two dozen."""
BUSY_SECONDS = 2

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_decoy = _hasher.hash(secrets.token_urlsafe(16))


class HashingLimit:
    """Lets few sign-ins be checked at a time: each takes tens of milliseconds of a core."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._here = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a place. Raises Unavailable at once when too many wait already."""
        if self._here >= AT_ONCE + QUEUE:
            raise Unavailable(retry_after=BUSY_SECONDS)
        self._here += 1
        try:
            async with self._places:
                yield
        finally:
            self._here -= 1


async def hashed(password: str) -> str:
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(known_hash: str | None, password: str) -> bool:
    """Whether the password is the right one; it takes as long when there is no account."""
    return await asyncio.to_thread(_matches, known_hash, password)


def _matches(known_hash: str | None, password: str) -> bool:
    try:
        _hasher.verify(known_hash or _decoy, password)
    except (VerificationError, InvalidHashError):
        return False
    return known_hash is not None


def is_outdated(known_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(known_hash)


async def nobodys() -> str:
    """The hash of a password that nobody knows: of an account whose owner has set none yet."""
    return await hashed(secrets.token_urlsafe(32))


def random_password() -> str:
    """20 letters and digits in groups, easy to copy: about 100 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))
