"""Who did what to what, when: append-only, hash-chained.

Entries are written in the transaction of the act. One sealer a service gives each entry its place
in the chain: `hash = SHA-256(previous hash, position, entry)`. The service's database role may
insert and read both tables, never change or delete; `verify` recomputes the chain and names the
first entry that was changed, removed or never sealed.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.deciding import DecidingSession, write_rows
from shared.database.engine import DirectPool, ensure_transaction
from shared.database.pieces import Piece
from shared.database.swap_statement import SwapStatement

GENESIS = "0" * 64
SEAL_BATCH = 1000
LATE_COMMITS = 10_000
"""An entry may commit after later ones were sealed; it is looked for this far back."""

log = structlog.get_logger()


class AuditEntry(NamedTuple):
    """Who did what to what, when."""

    id: int | None
    at: datetime
    actor: str
    action: str
    object: str
    details: dict[str, Any]


class Seal(NamedTuple):
    """The place of an entry in the chain, and the hash of the chain up to there."""

    position: int
    hash: str


_ENTRY = ", ".join(f"l.{column}" for column in AuditEntry._fields)
# All lines of a request in their order, which several parts of one statement would not keep.
_WRITE = text(
    "INSERT INTO audit_log (at, actor, action, object, details)"
    " SELECT at, actor, action, object, CAST(details AS jsonb)"
    " FROM unnest(CAST(:at AS timestamptz[]), CAST(:actor AS text[]), CAST(:action AS text[]),"
    " CAST(:object AS text[]), CAST(:details AS text[]))"
    " AS line (at, actor, action, object, details)"
)
_WRITE_MANY = text(
    "INSERT INTO audit_log (at, actor, action, object, details)"
    " SELECT CAST(:at AS timestamptz), CAST(:actor AS text), CAST(:action AS text), object,"
    " CAST(details AS jsonb)"
    " FROM unnest(CAST(:objects AS text[]), CAST(:details AS text[])) AS many (object, details)"
)
_NOTE = (
    "INSERT INTO audit_log (at, actor, action, object, details) VALUES ($1, $2, $3, $4, $5::jsonb)"
)
_WRITE_IF = (
    "INSERT INTO audit_log (at, actor, action, object, details)"
    " SELECT CAST(:at AS timestamptz), CAST(:actor AS text), CAST(:action AS text),"
    " CAST(:object AS text), CAST(:details AS jsonb) FROM "
)
_LAST = text("SELECT position, hash FROM audit_seal ORDER BY position DESC LIMIT 1")
_UNSEALED = text(
    f"SELECT {_ENTRY} FROM audit_log l WHERE l.id > :after"
    " AND NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = l.id)"
    " ORDER BY l.id LIMIT :batch"
)
_NEWEST = text("SELECT coalesce(max(entry_id), 0) FROM audit_seal")
_FORGOTTEN = text(
    "SELECT min(l.id) FROM audit_log l WHERE l.at < now() - interval '10 minutes'"
    " AND NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = l.id)"
)
_SEAL = text(
    "INSERT INTO audit_seal (position, entry_id, hash) VALUES (:position, :entry_id, :hash)"
)
_CHAIN = text(
    f"SELECT s.position, s.hash, {_ENTRY}"
    " FROM audit_seal s LEFT JOIN audit_log l ON l.id = s.entry_id"
    " ORDER BY s.position"
)


async def write(
    session: AsyncSession,
    actor: str,
    action: str,
    object_: str,
    at: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Note an act in the caller's transaction, or with what it decides.

    `details` must hold no personal data.
    """
    if not isinstance(session, DecidingSession):
        ensure_transaction(session)
    await write_rows(session, _WRITE, [_entry(actor, action, object_, at, details)])


def promise(
    statement: SwapStatement,
    actor: str,
    action: str,
    object_: str,
    at: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Note an act if and only if `statement` is written."""
    statement.each(_WRITE.text, **_entry(actor, action, object_, at, details))


def part(
    known: str,
    actor: str,
    action: str,
    object_: str,
    at: datetime,
    details: dict[str, Any] | None = None,
) -> Piece:
    """Notes an act as a part of a statement, where its part `known` has a row."""
    return Piece(f"{_WRITE_IF}{known}", _entry(actor, action, object_, at, details), "noted")


def _entry(
    actor: str, action: str, object_: str, at: datetime, details: dict[str, Any] | None
) -> dict[str, Any]:
    serialised = json.dumps(details or {}, ensure_ascii=False, default=str)
    return {"at": at, "actor": actor, "action": action, "object": object_, "details": serialised}


async def write_many(
    session: AsyncSession,
    actor: str,
    action: str,
    entries: Sequence[tuple[str, dict[str, Any]]],
    at: datetime,
) -> None:
    """The same act on many objects, each with its details, in one statement."""
    ensure_transaction(session)
    objects = [object_ for object_, _ in entries]
    details = [json.dumps(each, ensure_ascii=False, default=str) for _, each in entries]
    values = {"at": at, "actor": actor, "action": action, "objects": objects, "details": details}
    await session.execute(_WRITE_MANY, values)


async def note(
    direct: DirectPool,
    actor: str,
    action: str,
    object_: str,
    at: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Note an act that is one statement by itself, and so has no transaction to write in."""
    serialised = json.dumps(details or {}, ensure_ascii=False, default=str)
    await direct.execute(_NOTE, at, actor, action, object_, serialised)


async def seal(session: AsyncSession, _: datetime) -> int:
    """Chain what was written since; run by one sealer at a time. Returns how many."""
    position, previous = await _last(session) or Seal(0, GENESIS)
    newest = int((await session.execute(_NEWEST)).scalar_one())
    window = {"after": newest - LATE_COMMITS, "batch": SEAL_BATCH}
    entries = [AuditEntry(*row) for row in await session.execute(_UNSEALED, window)]
    seals = []
    for entry in entries:
        position += 1
        previous = _link(previous, position, entry)
        seals.append({"position": position, "entry_id": entry.id, "hash": previous})
    if seals:
        await session.execute(_SEAL, seals)
    return len(seals)


async def log_head(session: AsyncSession, _: datetime) -> int:
    """Log the head of the chain: who keeps the log can tell if the chain's tail is cut off."""
    head = await _last(session)
    if head is not None:
        log.info("audit_head", position=head.position, hash=head.hash)
    return 0


async def verify(session: AsyncSession) -> tuple[int, str | None]:
    """How many entries hold, and what is wrong with the first that does not (None if all do)."""
    previous, held = GENESIS, 0
    for position, hash_, *columns in await session.execute(_CHAIN):
        entry = AuditEntry(*columns)
        if position != held + 1:
            return held, f"position {held + 1} is missing from the chain"
        if entry.id is None:
            return held, f"the entry at position {position} was removed"
        previous = _link(previous, position, entry)
        if previous != hash_:
            return held, f"the entry at position {position} was changed"
        held += 1
    forgotten = (await session.execute(_FORGOTTEN)).scalar_one()
    return held, None if forgotten is None else f"entry {forgotten} was never sealed"


async def _last(session: AsyncSession) -> Seal | None:
    """The end of the chain, None while nothing is sealed."""
    row = (await session.execute(_LAST)).one_or_none()
    return None if row is None else Seal(*row)


def _link(previous: str, position: int, entry: AuditEntry) -> str:
    serialised = json.dumps(
        [
            previous,
            position,
            entry.id,
            entry.at.astimezone(UTC).isoformat(),
            entry.actor,
            entry.action,
            entry.object,
            entry.details,
        ],
        ensure_ascii=False,
        sort_keys=True,
    )
    return hashlib.sha256(serialised.encode()).hexdigest()
