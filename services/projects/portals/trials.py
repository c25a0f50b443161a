"""A rule is tried on the list page captured last before it goes live."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore
from services.projects.portals import rules
from services.projects.portals.models import Portal
from services.projects.portals.schemas import Trial
from services.projects.reading.faults import SourceFault
from services.projects.reading.readers import FIRST_KIND, read_list
from services.projects.reading.rule import CollectorRule


async def try_on_capture(
    session: AsyncSession, files: EvidenceStore, portal: Portal, wanted: CollectorRule
) -> Trial | None:
    """What the rule reads there; None where nothing was captured yet.

    Raises rules.RuleReadsNothing when it is lost on it, and EvidenceDamaged.
    """
    capture = await evidence.newest_of_url(session, portal.id, portal.start_url)
    if capture is None:
        return None
    body = await evidence.raw(files, capture)
    pointer = "/body/list/rows" if wanted.kind == FIRST_KIND else "/body"
    lost = rules.RuleReadsNothing(str(capture.id), pointer)
    try:
        page = read_list(body, capture.headers, capture.final_url, wanted).page
    except SourceFault as fault:
        raise lost from fault
    if not page.entries and not page.parts:
        raise lost
    return Trial.of(page, evidence_id=capture.id)
