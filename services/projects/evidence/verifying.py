"""The check that nobody has changed, removed or slipped in a capture since it was made."""

from dataclasses import dataclass, field
from datetime import date

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import queries, rules
from services.projects.evidence.files import EvidenceFiles
from services.projects.evidence.models import Capture
from shared.errors import Text

ROW_CHANGED = Text("记录被改动", "the record was changed")
LINK_BROKEN = Text("与前一份证据的散列不相接", "it does not join the capture before it")
GAP = Text("编号不连续，有证据缺失", "captures before it are missing")
FILE_GONE = Text("原始文件缺失", "the raw bytes are gone")
FILE_CHANGED = Text("原始文件被改动", "the raw bytes were changed")
DAY_CHANGED = Text("当日证据与封存的默克尔根不符", "the day's captures do not give its sealed root")


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


async def verify(session: AsyncSession, files: EvidenceFiles) -> Verification:
    """Every chain from its first capture, every file, every sealed day."""
    found = Verification()
    for chain in await queries.chains(session):
        await _verify_chain(session, files, chain, found)
    for day in await queries.sealed_days(session, date.max):
        found.days += 1
        hashes = await queries.hashes_of_day(session, day.day)
        if (rules.merkle_root(hashes), len(hashes)) != (day.root, day.captures):
            found.note(day.day.isoformat(), DAY_CHANGED)
    return found


async def _verify_chain(
    session: AsyncSession, files: EvidenceFiles, chain: str, found: Verification
) -> None:
    previous: Capture | None = None
    async for capture in queries.walk_chain(session, chain):
        found.captures += 1
        where = f"{chain} #{capture.seq}"
        if capture.seq != (previous.seq + 1 if previous else 1):
            found.note(where, GAP)
        elif capture.previous_hash != (previous.hash if previous else None):
            found.note(where, LINK_BROKEN)
        if rules.capture_hash(capture) != capture.hash:
            found.note(where, ROW_CHANGED)
        body = await files.get(capture.sha256)
        if body is None:
            found.note(where, FILE_GONE)
        elif rules.content_hash(body) != capture.sha256:
            found.note(where, FILE_CHANGED)
        previous = capture
