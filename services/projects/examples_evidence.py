"""Which captures and proofs of a local system the examples of the documents are about."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties.models import Publication
from services.projects.evidence import service as evidence
from shared.database.newest import newest
from shared.web.examples import Example


async def found(session: AsyncSession) -> dict[str, Example]:
    """The two newest captures of public pages, and the duty that was seen published last."""
    examples: dict[str, Example] = {}
    ids = await evidence.newest_readable(session, 2)
    if ids:
        one = Example({"evidence_id": str(ids[0])})
        examples |= {"get_evidence": one, "get_evidence_warc": one}
        other = {"with": str(ids[-1])}
        examples["compare_evidence"] = Example({"evidence_id": str(ids[0])}, query=other)
    publication = await newest(session, Publication, by=Publication.first_seen_at)
    if publication is not None:
        duty = Example({"duty_id": str(publication.duty_id)})
        examples |= {"get_proof": duty, "read_duty_elements": duty}
    return examples
