"""Who did what to what, when: append-only, hash-chained.

Entries are written in the transaction of the act. One sealer a service gives each entry its place
in the chain: `hash = SHA-256(previous hash, position, entry)`. The service's database role may
insert and read both tables, never change or delete; `verify` recomputes the chain and names the
first entry that was changed, removed or never sealed.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

GENESIS = "0" * 64
SEAL_BATCH = 1000

_WRITE = text(
    "INSERT INTO audit_log (at, actor, action, object, details)"
    " VALUES (:at, :actor, :action, :object, CAST(:details AS jsonb))"
)
_LAST = text("SELECT position, hash FROM audit_seal ORDER BY position DESC LIMIT 1")
_UNSEALED = text(
    "SELECT l.* FROM audit_log l LEFT JOIN audit_seal s ON s.entry_id = l.id"
    " WHERE s.entry_id IS NULL ORDER BY l.id LIMIT :batch"
)
_SEAL = text(
    "INSERT INTO audit_seal (position, entry_id, hash) VALUES (:position, :entry_id, :hash)"
)
_CHAIN = text(
    "SELECT s.position, s.hash, l.* FROM audit_seal s LEFT JOIN audit_log l ON l.id = s.entry_id"
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
    """Note an act in the caller's transaction. `details` must hold no personal data."""
    entry = {"at": at, "actor": actor, "action": action, "object": object_}
    said = json.dumps(details or {}, ensure_ascii=False, default=str)
    await session.execute(_WRITE, {**entry, "details": said})


async def seal(session: AsyncSession, _: datetime) -> int:
    """Chain what was written since; run by one sealer at a time. Returns how many."""
    last = (await session.execute(_LAST)).mappings().one_or_none()
    position, previous = (last["position"], last["hash"]) if last else (0, GENESIS)
    entries = (await session.execute(_UNSEALED, {"batch": SEAL_BATCH})).mappings().all()
    seals = []
    for entry in entries:
        position += 1
        previous = _link(previous, position, entry)
        seals.append({"position": position, "entry_id": entry["id"], "hash": previous})
    if seals:
        await session.execute(_SEAL, seals)
    return len(seals)


async def verify(session: AsyncSession) -> tuple[int, str | None]:
    """How many entries hold, and what is wrong with the first that does not (None if all do)."""
    previous, held = GENESIS, 0
    for row in (await session.execute(_CHAIN)).mappings():
        if row["position"] != held + 1:
            return held, f"position {held + 1} is missing from the chain"
        if row["id"] is None:
            return held, f"the entry at position {row['position']} was removed"
        previous = _link(previous, row["position"], row)
        if previous != row["hash"]:
            return held, f"the entry at position {row['position']} was changed"
        held += 1
    return held, None


def _link(previous: str, position: int, entry: RowMapping) -> str:
    said = json.dumps(
        [
            previous,
            position,
            entry["id"],
            entry["at"].astimezone(UTC).isoformat(),
            entry["actor"],
            entry["action"],
            entry["object"],
            entry["details"],
        ],
        ensure_ascii=False,
        sort_keys=True,
    )
    return hashlib.sha256(said.encode()).hexdigest()
