"""What a token comes of, what it becomes, and its end: one statement each, in autocommit."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.gateway.access.rules import REPEATED_WITHIN, TOKENS_OUTLIVE_SIGN_INS
from shared.database import pieces
from shared.database.engine import DirectPool
from shared.database.pieces import Piece

BY_NAME = """
SELECT id, name, password_hash, roles, places, state FROM account WHERE name = :name
"""
# The grants are read with the account locked: those that were looked up with the password may have
# been taken meanwhile, by somebody who ended all sign-ins that there were.
PRESENT = """
SELECT id, name, roles, places FROM account
 WHERE id = :account AND state = 'active' AND password_hash = :proven FOR SHARE
"""
BEGIN = """
INSERT INTO sign_in (id, account_id, method, started_at, expires_at)
SELECT :sign_in, id, :method, :now, :expires_at FROM present RETURNING id
"""
ISSUE = """
INSERT INTO refresh_token (hash, sign_in_id, issued_at)
SELECT :token::varchar, id, :now FROM begun WHERE :token::varchar IS NOT NULL
"""
BEGUN = "p.id, p.name, p.roles, p.places FROM present p, begun"
# Of two that come with the same token the second waits for the first and gets the same successor:
# whoever lost the answer, or has two windows open, goes on; only a token spent long ago is a theft.
EXCHANGE = """
WITH spent AS (
    UPDATE refresh_token t SET used_at = coalesce(t.used_at, $2)
      FROM sign_in s JOIN account a ON a.id = s.account_id
     WHERE t.hash = $1 AND (t.used_at IS NULL OR t.used_at > $4) AND s.id = t.sign_in_id
       AND s.ended_at IS NULL AND s.expires_at > $2 AND a.state = 'active'
    RETURNING t.sign_in_id, s.method, a.id, a.name, a.roles, a.places
), issued AS (
    INSERT INTO refresh_token (hash, sign_in_id, issued_at)
    SELECT $3, sign_in_id, $2 FROM spent ON CONFLICT (hash) DO NOTHING
)
SELECT * FROM spent
"""
_LASTING = """
SELECT id, account_id FROM sign_in WHERE ended_at IS NULL AND expires_at > $1 AND
"""
_OF_TOKEN = f"{_LASTING} id = (SELECT sign_in_id FROM refresh_token WHERE hash = $2)"
_BY_ID = f"{_LASTING} id = $2"
_END = """
UPDATE sign_in SET ended_at = :now, ended_because = :because
 WHERE id = :id AND ended_at IS NULL RETURNING id
"""


class Begun(NamedTuple):
    """Whose sign-in was begun, with the grants of that moment."""

    id: UUID
    name: str
    roles: list[str]
    places: list[str]


class NewSignIn(NamedTuple):
    """A sign-in to be begun by the password of `proven`, with the digest of a refresh token or
    without."""

    sign_in: UUID
    account: UUID
    method: str
    now: datetime
    expires_at: datetime
    token: str | None
    proven: str


async def begin_sign_in(
    direct: DirectPool, new: NewSignIn, besides: Sequence[Piece]
) -> Begun | None:
    """None when the password was changed or the account disabled since it was proven.

    What is done `besides` may go by `begun`, which has a row only of a sign-in that is begun.
    """
    values = new._asdict()
    parts = [
        Piece(PRESENT, values, "present"),
        Piece(BEGIN, values, "begun"),
        Piece(ISSUE, values, "issued"),
        *besides,
    ]
    sql, named = pieces.selecting(parts, BEGUN)
    begun = await direct.fetchrow(sql, *named)
    return None if begun is None else Begun(*begun)


async def exchange(
    direct: DirectPool, old_hash: str, new_hash: str, now: datetime
) -> asyncpg.Record | None:
    """Spends a refresh token and stores the next; None if it is unknown, ended or spent before."""
    return await direct.fetchrow(EXCHANGE, old_hash, now, new_hash, now - REPEATED_WITHIN)


class EndedSignIn(NamedTuple):
    """A sign-in that was just ended before its time, and whose it was."""

    id: UUID
    account_id: UUID


async def signed_in_by(direct: DirectPool, token_hash: str, now: datetime) -> EndedSignIn | None:
    """The sign-in that a refresh token is of, if it can be ended."""
    row = await direct.fetchrow(_OF_TOKEN, now - TOKENS_OUTLIVE_SIGN_INS, token_hash)
    return None if row is None else EndedSignIn(*row)


async def signed_in(direct: DirectPool, sign_in: UUID, now: datetime) -> EndedSignIn | None:
    """That sign-in, if it can be ended."""
    row = await direct.fetchrow(_BY_ID, now - TOKENS_OUTLIVE_SIGN_INS, sign_in)
    return None if row is None else EndedSignIn(*row)


async def end(
    direct: DirectPool, sign_in: UUID, now: datetime, because: str, besides: Sequence[Piece]
) -> None:
    """Ends it. What is done `besides` goes by `ended`, which has a row where this ended it."""
    ending = Piece(_END, {"id": sign_in, "now": now, "because": because}, "ended")
    sql, values = pieces.joined([ending, *besides], 0)
    await direct.execute(sql, *values)
