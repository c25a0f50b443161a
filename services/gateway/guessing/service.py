"""Counts attempts before they are judged, and says when there were too many.

Names and networks are kept as keyed digests. A network from which an account signed in before has
a count of its own: strangers elsewhere shut nobody out.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.gateway.guessing import queries, rules
from services.gateway.guessing.models import SignInAttempt, SignInRate
from shared.database.engine import DirectPool
from shared.database.pruning import Pruned
from shared.errors import TooMany
from shared.security.crypto import Keyring

_MONTH = timedelta(days=30)
FORGOTTEN = (
    Pruned(SignInAttempt.__tablename__, "last_at", _MONTH),
    Pruned(SignInRate.__tablename__, "arrival", _MONTH),
)
"""What was counted a month ago; a flood leaves one row for each name and network."""
SIGN_IN = "sign_in_attempt.key"


class Counted(NamedTuple):
    """By what an attempt is counted: its key, and the one of this name from this network."""

    key: str
    familiar: str


class Attempt(NamedTuple):
    """An attempt that may be judged; `locks` if no other is when it fails."""

    counted: Counted
    locks: bool


async def take_turn(direct: DirectPool, keyring: Keyring, network: str, now: datetime) -> None:
    """One more sign-in of the network. Raises TooMany."""
    key = keyring.blind_index(network, where="sign_in_rate.key")
    interval = rules.NETWORK_INTERVAL
    window = interval * rules.NETWORK_BURST
    if not await queries.take_network_turn(direct, key, now, interval=interval, window=window):
        raise TooMany(retry_after=2)


async def counted(
    direct: DirectPool, keyring: Keyring, name: str, network: str, *, where: str = SIGN_IN
) -> Counted:
    """By what the attempts at this name from this network are counted.

    `where` keeps apart what is tried: else who signs in as whatever they type would use up the
    attempts at something else.
    """
    familiar = keyring.blind_index(f"{name} {network}", where=where)
    if await queries.is_familiar(direct, familiar):
        return Counted(familiar, familiar)
    return Counted(keyring.blind_index(name, where=where), familiar)


async def take(direct: DirectPool, by: Counted, now: datetime) -> Attempt:
    """One more attempt, which counts until it went well. Raises LockedOut."""
    count = await queries.take_attempt(direct, by.key, now)
    if count is None:
        last = await queries.last_attempt(direct, by.key) or now
        wait = last + rules.ATTEMPTS_FORGOTTEN_AFTER - now
        raise rules.LockedOut(retry_after=max(1, int(wait.total_seconds()) + 1))
    return Attempt(by, count >= rules.ATTEMPTS_ALLOWED)


async def succeeded(direct: DirectPool, attempt: Attempt, now: datetime) -> None:
    """Forgets the failures before it."""
    await queries.succeed(direct, attempt.counted.key, attempt.counted.familiar, now)
