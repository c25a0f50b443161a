"""Counts attempts before they are judged, and says when there were too many.

Names and networks are kept as keyed digests. A network from which an account signed in before has
a count of its own: strangers elsewhere shut nobody out.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from services.gateway.guessing import queries, rules
from services.gateway.guessing.models import SignInAttempt, SignInRate
from shared.database import pieces
from shared.database.engine import DirectPool
from shared.database.pieces import Piece
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


class Trying(NamedTuple):
    """By what an attempt is counted: the key of the name, and the one of the name and network."""

    unfamiliar: str
    familiar: str


class Attempt(NamedTuple):
    """An attempt that may be judged, by the key that it is counted under; `locks` if no other is
    when it fails."""

    key: str
    familiar: str
    locks: bool


async def take_turn(direct: DirectPool, keyring: Keyring, network: str, now: datetime) -> None:
    """One more sign-in of the network. Raises TooMany."""
    key = keyring.blind_index(network, where="sign_in_rate.key")
    interval = rules.NETWORK_INTERVAL
    window = interval * rules.NETWORK_BURST
    if not await queries.take_network_turn(direct, key, now, interval=interval, window=window):
        raise TooMany(retry_after=2)


def trying(keyring: Keyring, name: str, network: str, *, where: str = SIGN_IN) -> Trying:
    """By what the attempts at this name from this network are counted.

    `where` keeps apart what is tried: else who signs in as whatever they type would use up the
    attempts at something else.
    """
    return Trying(
        keyring.blind_index(name, where=where),
        keyring.blind_index(f"{name} {network}", where=where),
    )


async def take(
    direct: DirectPool, by: Trying, now: datetime, known: Piece = queries.NOTHING
) -> tuple[Attempt, asyncpg.Record]:
    """One more attempt, which counts until it went well. Raises LockedOut.

    With it comes what `known` finds in the same statement, for the attempt to be judged by: nulls
    where it finds no row.
    """
    parts = [*queries.attempt_parts(*by, now), known._replace(name="known")]
    result = f"{queries.ATTEMPT}, known.* FROM {queries.ATTEMPT_FROM} LEFT JOIN known ON true"
    sql, values = pieces.selecting(parts, result)
    [row] = await direct.fetch(sql, *values)
    key, last_at, count = row[:3]
    if count is None:
        wait = (last_at or now) + rules.ATTEMPTS_FORGOTTEN_AFTER - now
        raise rules.LockedOut(retry_after=max(1, int(wait.total_seconds()) + 1))
    return Attempt(key, by.familiar, count >= rules.ATTEMPTS_ALLOWED), row


def forgiving(attempt: Attempt, now: datetime) -> list[Piece]:
    """Parts of a statement, by which the failures before an attempt are forgotten."""
    return queries.success_parts(attempt.key, attempt.familiar, now)


async def succeeded(direct: DirectPool, attempt: Attempt, now: datetime) -> None:
    """Forgets the failures before it."""
    sql, values = pieces.joined(forgiving(attempt, now), 0)
    await direct.execute(sql, *values)
