"""Captures as the API shows them."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import queries, rules
from services.projects.evidence.models import Capture
from services.projects.evidence.schemas import EvidenceView, ProofStepView


async def evidence_view(session: AsyncSession, capture: Capture) -> EvidenceView:
    """The capture with the path from its hash to the sealed root of its day."""
    view = EvidenceView.model_validate(capture)
    sealed = await queries.sealed_day(session, capture.captured_on)
    if sealed is None:
        return view
    hashes = await queries.hashes_of_day(session, capture.captured_on)
    steps = rules.merkle_proof(hashes, await queries.place_in_day(session, capture))
    proof = [ProofStepView.model_validate(step) for step in steps]
    return view.model_copy(update={"day_root": sealed.root, "proof": proof})
