"""What ties each observation to the evidence root of a report: a tree of facts, kept in blocks.

Facts are only ever appended, in the order of their ids, by who has the turn. So a block of them, a
whole subtree of the tree over all (RFC 6962), has its root for ever: who freezes a report hashes
what came since the last one, and a path costs the facts of its block, however many there are.
"""

from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from itertools import groupby, islice
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence.rules import (
    ProofStep,
    above,
    merkle_proofs,
    merkle_root,
    path_above,
)
from services.projects.reports.models import FactBlock
from services.projects.reports.rules import report as reporting
from services.projects.reports.sealing import queries
from services.projects.reports.sealing.queries import FactHash
from shared import clock

BLOCK = 4096
"""Facts of a block: a power of two."""
MOST_BLOCKS = 20
"""A duty whose facts are in more blocks than these has paths for its newest."""


class FactPaths(NamedTuple):
    """How facts lead to the evidence root of the report that was signed last, by their ids; of
    facts that came after it there is none. `captures_root` is the other half of that root.
    """

    report_id: UUID
    number: str
    as_of: date
    signed_at: datetime
    evidence_root: str
    captures_root: str
    paths: dict[int, list[ProofStep]]

    @property
    def signed_on(self) -> date:
        return clock.today(self.signed_at)


async def facts_root(session: AsyncSession, last_fact: int) -> str:
    """The root over all facts up to `last_fact`, those of whole blocks by what is kept of them."""
    return above(await _nodes(session, last_fact))


async def facts_root_anew(session: AsyncSession, last_fact: int) -> str:
    """The same of the facts themselves, whatever is kept."""
    return above([_root(part) async for part in _parts(session, 0, last_fact)])


async def extend(session: AsyncSession, last_fact: int) -> None:
    """Keep the roots of the blocks that are whole by now."""
    kept = await queries.last_block(session)
    number, after = (0, 0) if kept is None else (kept.number, kept.last_id)
    async for part in _parts(session, after, last_fact):
        if len(part) == BLOCK:
            number += 1
            ends = {"first_id": part[0].id, "last_id": part[-1].id}
            await queries.add_block(session, FactBlock(number=number, root=_root(part), **ends))


class _Tree(NamedTuple):
    """The blocks that are kept of the facts of a report, and the facts that came since."""

    blocks: Sequence[FactBlock]
    tail: Sequence[FactHash]

    @property
    def nodes(self) -> list[str]:
        return [block.root for block in self.blocks] + ([_root(self.tail)] if self.tail else [])

    def place(self, fact: int) -> int:
        """In which block it is."""
        return bisect_left(self.blocks, fact, key=lambda block: block.last_id)


async def paths_of(session: AsyncSession, facts: Sequence[int]) -> FactPaths | None:
    """The paths of these facts; None where no report that was signed says anything of them."""
    report = await queries.signed_last(session)
    counted = [] if report is None else [each for each in facts if each <= report.last_fact]
    if report is None or not counted:
        return None
    blocks = await queries.blocks(session, report.last_fact)
    after = blocks[-1].last_id if blocks else 0
    tail = await queries.some_facts(session, after, report.last_fact, BLOCK + 1)
    if len(tail) > BLOCK:  # of a report that was frozen before blocks were kept
        return None
    content = reporting.read_bytes(report.body)
    return FactPaths(
        report_id=report.id,
        number=f"〔{report.year}〕{report.serial}号",
        as_of=report.as_of,
        signed_at=report.signed_at,
        evidence_root=content["evidence_root"],
        captures_root=report.captures_root,
        paths=await _paths(session, _Tree(blocks, tail), counted),
    )


async def _paths(
    session: AsyncSession, tree: _Tree, facts: Sequence[int]
) -> dict[int, list[ProofStep]]:
    """By id; each block of facts is read once, the newest first."""
    paths: dict[int, list[ProofStep]] = {}
    newest_first = groupby(sorted(facts, reverse=True), tree.place)
    for place, some in islice(newest_first, MOST_BLOCKS):
        wanted, leaves = [*some], tree.tail
        if place < len(tree.blocks):
            block = tree.blocks[place]
            leaves = await queries.some_facts(session, block.first_id - 1, block.last_id, BLOCK)
        at = {leaf.id: number for number, leaf in enumerate(leaves)}
        found = merkle_proofs([leaf.sha256 for leaf in leaves], [at[fact] for fact in wanted])
        further = path_above(tree.nodes, place)
        paths |= {fact: [*own, *further] for fact, own in zip(wanted, found, strict=True)}
    return paths


async def _nodes(session: AsyncSession, last_fact: int) -> list[str]:
    """The roots of whole blocks, and that of what came since."""
    blocks = await queries.blocks(session, last_fact)
    after = blocks[-1].last_id if blocks else 0
    since = [_root(part) async for part in _parts(session, after, last_fact)]
    return [block.root for block in blocks] + since


async def _parts(
    session: AsyncSession, after: int, last_fact: int
) -> AsyncIterator[Sequence[FactHash]]:
    """The facts after that one as blocks, of which the last may be a part."""
    part = await queries.some_facts(session, after, last_fact, BLOCK)
    while len(part) == BLOCK:
        yield part
        part = await queries.some_facts(session, part[-1].id, last_fact, BLOCK)
    if part:
        yield part


def _root(facts: Sequence[FactHash]) -> str:
    return merkle_root([each.sha256 for each in facts])


def evidence_root(facts: str, captures: str) -> str:
    """What a report is sealed by: over the root of all facts and that of all captures."""
    return merkle_root([facts, captures])
