"""An evidence store of its own, in which a test may tamper."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.projects.evidence import service
from services.projects.evidence.files import EvidenceFiles
from services.projects.evidence.models import Capture
from services.projects.evidence.verifying import StoredEvidence, verify
from shared.database.engine import Sessions

SEEN_AT = datetime(2026, 11, 20, 2, tzinfo=UTC)


@dataclass
class Archive:
    """An evidence store of its own."""

    sessions: Sessions
    folder: Path

    @property
    def files(self) -> EvidenceFiles:
        return EvidenceFiles(self.folder)

    async def capture(
        self, chain: str, body: bytes, *, days: int = 0, is_public: bool = True
    ) -> Capture:
        sha256 = await self.files.put(body)
        answer = service.Answer(
            url="https://www.example.gov.cn/list",
            final_url="https://www.example.gov.cn/list",
            status=200,
            headers={"content-type": "text/html"},
            fetched_at=SEEN_AT + timedelta(days=days),
            size=len(body),
            sha256=sha256,
            charset="utf-8",
        )
        async with self.sessions() as session, session.begin():
            return await service.record(session, chain, answer, is_public=is_public)

    async def faults(self) -> list[tuple[str, str]]:
        async with self.sessions() as session:
            found = await verify(StoredEvidence(session, self.files))
        return [(fault.where, fault.what.en) for fault in found.faults]
