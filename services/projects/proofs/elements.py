"""The required elements of a duty, quoted from the page by which it is judged."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import rules
from services.projects.duties.service import may_see
from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore
from services.projects.evidence.linking import captures_of
from services.projects.evidence.models import Capture
from services.projects.evidence.quoting import Quote, words_of
from services.projects.evidence.schemas import QuoteView
from services.projects.matching.rules import missing_elements
from services.projects.proofs import service
from services.projects.proofs.schemas import DutyElements, ElementView
from shared.clock import SHANGHAI
from shared.errors import NotFound
from shared.security.identity import Caller
from shared.web.templates import templates_of

_TEMPLATES = templates_of("projects")


async def elements_of(
    session: AsyncSession,
    files: EvidenceStore,
    duty_id: UUID,
    caller: Caller | None,
    now: datetime,
) -> DutyElements:
    """What the duty asks for, and where the page states it; seen by whom a proof is.

    Raises NotFound, or EvidenceDamaged where bytes are not those that were captured.
    """
    recorded = await service.recorded(session, duty_id, now)
    found = recorded.found
    seen = rules.summarise(recorded.counting, found.calendar)
    capture = None
    if seen is not None and seen.best.evidence_id is not None:
        [capture] = await captures_of(session, [seen.best.evidence_id])
    is_public = capture is not None and capture.is_public
    if not is_public and not (caller and may_see(caller, found.duty.unit_code)):
        raise NotFound
    quotes: Sequence[Quote] = ()
    if capture is not None:
        body = await evidence.raw(files, capture)
        quotes = await asyncio.to_thread(_quotes, capture, body)
    missing = (seen.missing_elements if seen is not None else None) or []
    elements = [_element(each, each in missing, quotes) for each in recorded.item.content_elements]
    return DutyElements(
        duty_id=duty_id,
        item_name=found.item_name,
        unit_name=found.unit_name,
        project_name=found.project_name or "",
        evidence_id=capture.id if capture else None,
        url=capture.url if capture else None,
        fetched_at=capture.fetched_at if capture else None,
        elements=elements,
    )


def _quotes(capture: Capture, body: bytes) -> Sequence[Quote]:
    words = words_of(body, capture.headers, capture.final_url, capture.charset)
    return words.quotes if words is not None else ()


def _element(element: str, is_missing: bool, quotes: Sequence[Quote]) -> ElementView:
    """By the label that the matcher takes for the element."""
    named = (each for each in quotes if not missing_elements([element], [each.label]))
    quote = next(named, None)
    view = None if quote is None else QuoteView.model_validate(quote)
    return ElementView(element=element, is_missing=is_missing, quote=view)


def page(view: DutyElements) -> str:
    """The same as a page for people."""
    at = view.fetched_at and view.fetched_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return _TEMPLATES.get_template("elements.html").render(view=view, at=at, head_number=None)
