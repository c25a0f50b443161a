"""Evidence from one store to another: what is not whole in the new one is copied, and checked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import queries
from services.projects.evidence.files import EvidenceStore
from services.projects.evidence.rules import content_hash

AT_ONCE, A_BATCH = 8, 500


@dataclass
class Copied:
    """How many were there already, how many were copied, and the names of those that are nowhere
    whole."""

    here: int = 0
    copied: int = 0
    missing: list[str] = field(default_factory=list)


async def copy(
    names: AsyncIterator[Sequence[str]], present: EvidenceStore, former: EvidenceStore | None
) -> Copied:
    """Have all of these in the present store. Raises EvidenceStoreDown."""
    found, turn = Copied(), asyncio.Semaphore(AT_ONCE)

    async def one(sha256: str) -> None:
        async with turn:
            if await _whole(present, sha256) is not None:
                found.here += 1
                return
            body = None if former is None else await _whole(former, sha256)
            if body is None:
                found.missing.append(sha256)
                return
            await present.put(body)
            found.copied += 1

    async for batch in names:
        await asyncio.gather(*map(one, sorted(set(batch))))
    return found


async def names_of_captures(session: AsyncSession) -> AsyncIterator[Sequence[str]]:
    """The bytes that captures stand on, those of redirects too, in batches."""
    after: UUID | None = None
    while captures := await queries.by_their_ids(session, after, A_BATCH):
        yield [name for each in captures for name in each.stored]
        after = captures[-1].id


async def _whole(store: EvidenceStore, sha256: str) -> bytes | None:
    body = await store.get(sha256)
    return body if body is not None and content_hash(body) == sha256 else None
