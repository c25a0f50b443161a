"""The queries of what guards against guessing."""

from datetime import datetime, timedelta

from services.gateway.guessing import statement
from services.gateway.guessing.rules import ATTEMPTS_ALLOWED, ATTEMPTS_FORGOTTEN_AFTER
from shared.database.engine import DirectPool


async def take_attempt(direct: DirectPool, key: str, now: datetime) -> int | None:
    """Which attempt in a row this is, None where there are too many.

    It is counted before it is judged, so that parallel guesses cannot outrun the count.
    """
    forgotten = now - ATTEMPTS_FORGOTTEN_AFTER
    taken: int | None = await direct.fetchval(
        statement.TAKE_ATTEMPT, key, now, forgotten, ATTEMPTS_ALLOWED
    )
    return taken


async def is_familiar(direct: DirectPool, key: str) -> bool:
    """Whether somebody signed in under this key of a name and a network, not long ago."""
    return bool(await direct.fetchval("SELECT true FROM sign_in_attempt WHERE key = $1", key))


async def last_attempt(direct: DirectPool, key: str) -> datetime | None:
    found: datetime | None = await direct.fetchval(
        "SELECT last_at FROM sign_in_attempt WHERE key = $1", key
    )
    return found


async def succeed(direct: DirectPool, key: str, familiar: str, now: datetime) -> None:
    """Forgets the attempts under `key`; from now on `familiar` has a count of its own."""
    await direct.execute(statement.SUCCEED, key, familiar, now)


async def take_network_turn(
    direct: DirectPool, key: str, now: datetime, *, interval: timedelta, window: timedelta
) -> bool:
    """One step of the generic cell rate algorithm, right across several gateways."""
    return (
        await direct.fetchval(statement.TAKE_NETWORK_TURN, key, now, interval, window) is not None
    )
