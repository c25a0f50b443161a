"""The SQL of issuing: the next number.

A ticket is decided on what was read with the last number of its series, and takes the next one if
that is still the last: so whoever took one meanwhile is seen.
"""

from datetime import date

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.swap_statement import SwapStatement

_TAKE_NUMBER = """
INSERT INTO number_series AS n (hall_code, day, letter, last) VALUES (:hall, :day, :letter, 1)
ON CONFLICT (hall_code, day, letter) DO UPDATE SET last = n.last + 1
WHERE n.last = :seen RETURNING 1
"""
_LOCK_SERIES = text(
    "INSERT INTO number_series AS n (hall_code, day, letter, last) VALUES (:hall, :day, :letter, 0)"
    " ON CONFLICT (hall_code, day, letter) DO UPDATE SET last = n.last"
)


def take_number(
    statement: SwapStatement, hall_code: str, day: date, letter: str, *, seen: int
) -> None:
    """The number after the last one `seen`; counts on only if all else is written."""
    statement.lock(_TAKE_NUMBER, hall=hall_code, day=day, letter=letter, seen=seen)


async def lock_series(session: AsyncSession, hall_code: str, day: date, letter: str) -> None:
    """Nobody else takes a number of the series until the transaction ends."""
    await session.execute(_LOCK_SERIES, {"hall": hall_code, "day": day, "letter": letter})
