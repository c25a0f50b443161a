"""The check that nobody has changed, removed or slipped in a capture since it was made."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import queries, rules
from services.projects.evidence.files import EvidenceStore
from services.projects.evidence.models import Capture, EvidenceDay
from shared.clock import today
from shared.errors import Text

ROW_CHANGED = Text("记录被改动", "the record was changed")
LINK_BROKEN = Text("与前一份证据的散列不相接", "it does not join the capture before it")
GAP = Text("编号不连续，有证据缺失", "captures before it are missing")
FILE_GONE = Text("原始文件缺失", "the raw bytes are gone")
FILE_CHANGED = Text("原始文件被改动", "the raw bytes were changed")
DAY_CHANGED = Text("当日证据与封存的默克尔根不符", "the day's captures do not give its sealed root")
ROOT_GONE = Text("当日的默克尔根缺失", "the day's root is gone: a later day is sealed")
SEALED_AGAIN = Text("当日晚于其后的日子封存", "the day was sealed after a later one")


class Kept(Protocol):
    """What is kept, as it is checked: rows and files, of the database or in hand."""

    async def chains(self) -> Sequence[str]: ...

    def captures(self, chain: str) -> AsyncIterator[Capture]:
        """The captures of a chain by their numbers."""

    async def body(self, sha256: str) -> bytes | None: ...

    async def days(self) -> Sequence[EvidenceDay]:
        """The sealed days in their order."""

    async def unsealed_days(self, before: date) -> Sequence[date]: ...

    async def hashes_of_day(self, day: date) -> Sequence[str]:
        """The leaves of the day's tree, in their order."""


@dataclass(frozen=True)
class StoredEvidence:
    """What the service keeps."""

    session: AsyncSession
    files: EvidenceStore

    async def chains(self) -> Sequence[str]:
        return await queries.chains(self.session)

    def captures(self, chain: str) -> AsyncIterator[Capture]:
        return queries.walk_chain(self.session, chain)

    async def body(self, sha256: str) -> bytes | None:
        return await self.files.get(sha256)

    async def days(self) -> Sequence[EvidenceDay]:
        return await queries.sealed_days(self.session, date.max)

    async def unsealed_days(self, before: date) -> Sequence[date]:
        return await queries.unsealed_days(self.session, before)

    async def hashes_of_day(self, day: date) -> Sequence[str]:
        return await queries.hashes_of_day(self.session, day)


@dataclass(frozen=True)
class EvidenceFault:
    where: str
    what: Text


@dataclass
class Verification:
    """How much was checked, and what is wrong."""

    captures: int = 0
    days: int = 0
    faults: list[EvidenceFault] = field(default_factory=list)

    def note(self, where: str, what: Text) -> None:
        self.faults.append(EvidenceFault(where, what))


async def verify(kept: Kept) -> Verification:
    """Every chain from its first capture, every file, every sealed day."""
    found = Verification()
    for chain in await kept.chains():
        await _verify_chain(kept, chain, found)
    await _verify_days(kept, found)
    return found


async def _verify_chain(kept: Kept, chain: str, found: Verification) -> None:
    previous: Capture | None = None
    async for capture in kept.captures(chain):
        found.captures += 1
        where = f"{chain} #{capture.seq}"
        if capture.seq != (previous.seq + 1 if previous else 1):
            found.note(where, GAP)
        elif capture.previous_hash != (previous.hash if previous else None):
            found.note(where, LINK_BROKEN)
        is_of_day = capture.captured_on == today(capture.fetched_at)
        if rules.capture_hash(capture) != capture.hash or not is_of_day:
            found.note(where, ROW_CHANGED)
        for sha256 in capture.stored:
            await _verify_bytes(kept, sha256, where, found)
        previous = capture


async def _verify_bytes(kept: Kept, sha256: str, where: str, found: Verification) -> None:
    body = await kept.body(sha256)
    if body is None:
        found.note(where, FILE_GONE)
    elif rules.content_hash(body) != sha256:
        found.note(where, FILE_CHANGED)


async def _verify_days(kept: Kept, found: Verification) -> None:
    """Days are sealed in their order: one that is not, or later than those after it, was unsealed
    in between.
    """
    days = await kept.days()
    for place, day in enumerate(days):
        found.days += 1
        hashes = await kept.hashes_of_day(day.day)
        if (rules.merkle_root(hashes), len(hashes)) != (day.root, day.captures):
            found.note(day.day.isoformat(), DAY_CHANGED)
        if place + 1 < len(days) and day.sealed_at > days[place + 1].sealed_at:
            found.note(day.day.isoformat(), SEALED_AGAIN)
    for missing in await kept.unsealed_days(days[-1].day) if days else ():
        found.note(missing.isoformat(), ROOT_GONE)
