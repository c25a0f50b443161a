"""The queries of what guards against guessing."""

from datetime import datetime, timedelta

from services.gateway.guessing import statement
from services.gateway.guessing.rules import ATTEMPTS_ALLOWED, ATTEMPTS_FORGOTTEN_AFTER
from shared.database.engine import DirectPool
from shared.database.pieces import Piece

NOTHING = Piece("SELECT", {})
ATTEMPT = "counted.key, counted.last_at, taken.attempts"
"""By which key an attempt is counted, when the one before was, and which in a row it is: NULL
where there are too many.
"""
ATTEMPT_FROM = "counted LEFT JOIN taken ON true"


def attempt_parts(unfamiliar: str, familiar: str, now: datetime) -> list[Piece]:
    """One more attempt, as parts of a statement that finds `ATTEMPT` in `ATTEMPT_FROM`.

    It is counted before it is judged, so that parallel guesses cannot outrun the count.
    """
    forgotten = now - ATTEMPTS_FORGOTTEN_AFTER
    limits = {"now": now, "forgotten": forgotten, "allowed": ATTEMPTS_ALLOWED}
    return [
        Piece(statement.COUNTED, {"familiar": familiar, "unfamiliar": unfamiliar}, "counted"),
        Piece(statement.TAKE_ATTEMPT, limits, "taken"),
    ]


def success_parts(key: str, familiar: str, now: datetime) -> list[Piece]:
    """What forgets the attempts under `key`; from now on `familiar` has a count of its own."""
    return [
        Piece(statement.FORGET, {"key": key, "familiar": familiar}, "forgotten"),
        Piece(statement.REMEMBER, {"familiar": familiar, "now": now}, "remembered"),
    ]


async def take_network_turn(
    direct: DirectPool, key: str, now: datetime, *, interval: timedelta, window: timedelta
) -> bool:
    """One step of the generic cell rate algorithm, right across several gateways."""
    return (
        await direct.fetchval(statement.TAKE_NETWORK_TURN, key, now, interval, window) is not None
    )
