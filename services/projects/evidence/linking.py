"""Captures with what ties each to the others: its neighbours in the chain, its day's tree."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import queries, rules
from services.projects.evidence.models import Capture
from services.projects.evidence.rules import ProofStep


class LinkedCapture(NamedTuple):
    """A capture, those before and after it in its chain, and the path to the root of its day.

    `root` None: the day is not sealed yet.
    """

    capture: Capture
    before: Capture | None
    after: Capture | None
    root: str | None
    path: Sequence[ProofStep]


async def captures_of(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Capture]:
    """These captures, by chain and number."""
    return await queries.by_ids(session, ids)


async def linked(session: AsyncSession, ids: Sequence[UUID]) -> list[LinkedCapture]:
    """These captures, by chain and number; three reads, and one for each of their sealed days."""
    captures = await queries.by_ids(session, ids)
    places = {(each.chain, each.seq + step) for each in captures for step in (-1, 1)}
    beside = {
        (each.chain, each.seq): each for each in await queries.at_places(session, sorted(places))
    }
    roots = await queries.roots_of(session, {each.captured_on for each in captures})
    paths: dict[UUID, Sequence[ProofStep]] = {}
    for day in roots:
        hashes = await queries.hashes_of_day(session, day)
        place = {value: at for at, value in enumerate(hashes)}
        own = [each for each in captures if each.captured_on == day]
        found = rules.merkle_proofs(hashes, [place[each.hash] for each in own])
        paths |= {each.id: path for each, path in zip(own, found, strict=True)}
    return [
        LinkedCapture(
            capture=each,
            before=beside.get((each.chain, each.seq - 1)),
            after=beside.get((each.chain, each.seq + 1)),
            root=roots.get(each.captured_on),
            path=paths.get(each.id, ()),
        )
        for each in captures
    ]
