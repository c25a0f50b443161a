"""Which captures and proofs of a local system the examples of the documents are about."""

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties.models import Publication
from services.projects.evidence.models import Capture
from shared.database.newest import newest
from shared.web.examples import Example


async def found(session: AsyncSession) -> dict[str, Example]:
    """The two newest captures of public pages, and the duty that was seen published last."""
    examples: dict[str, Example] = {}
    readable = (col(Capture.is_public), col(Capture.charset).is_not(None))
    capture = await newest(session, Capture, *readable)
    if capture is not None:
        one = Example({"evidence_id": str(capture.id)})
        examples |= {"get_evidence": one, "get_evidence_warc": one}
        before = await newest(session, Capture, *readable, col(Capture.id) != capture.id)
        other = {"with": str((before or capture).id)}
        examples["compare_evidence"] = Example({"evidence_id": str(capture.id)}, query=other)
    publication = await newest(session, Publication, by=Publication.first_seen_at)
    if publication is not None:
        duty = Example({"duty_id": str(publication.duty_id)})
        examples |= {"get_proof": duty, "read_duty_elements": duty}
    return examples
