"""The required elements of a duty, quoted from the page by which it is judged and its files."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.attachments import service as attachments
from services.projects.duties import rules
from services.projects.duties.service import may_see
from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore
from services.projects.evidence.linking import captures_of
from services.projects.evidence.models import Capture
from services.projects.evidence.quoting import Quote, quotes_in, words_of
from services.projects.evidence.schemas import QuoteView
from services.projects.matching.rules import missing_elements
from services.projects.proofs import service
from services.projects.proofs.schemas import DutyElements, ElementView, QuotedFile
from shared.clock import moment_text
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
    is_theirs = caller is not None and may_see(caller, found.duty.unit_code)
    if not is_public and not is_theirs:
        raise NotFound
    missing = (seen.missing_elements if seen is not None else None) or []
    elements = [
        ElementView(element=each, is_missing=each in missing, quote=None, file=None)
        for each in recorded.item.content_elements
    ]
    if capture is not None:
        elements = await _on_page(files, capture, elements)
        elements = await _in_files(session, files, capture, elements, is_theirs=is_theirs)
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


async def _on_page(
    store: EvidenceStore, capture: Capture, elements: list[ElementView]
) -> list[ElementView]:
    """Quoted from the page itself."""
    body = await evidence.raw(store, capture)
    quotes = await asyncio.to_thread(_quotes, capture, body)
    return [_quoted(each, quotes, None) for each in elements]


def _quotes(capture: Capture, body: bytes) -> Sequence[Quote]:
    words = words_of(body, capture.headers, capture.final_url, capture.charset)
    return words.quotes if words is not None else ()


async def _in_files(
    session: AsyncSession,
    store: EvidenceStore,
    capture: Capture,
    elements: list[ElementView],
    *,
    is_theirs: bool,
) -> list[ElementView]:
    """What the page itself does not state, quoted from those of its files that the reader may see,
    as they were read last."""
    if all(each.quote or each.is_missing for each in elements):
        return elements
    beside = await attachments.of_page_at(session, capture.chain, capture.url)
    ids = [each.evidence_id for each in beside if each.evidence_id is not None]
    captures = await captures_of(session, ids) if ids else []
    shown = {each.id for each in captures if each.is_public or is_theirs}
    for file in beside:
        if file.evidence_id in shown:
            text = await attachments.text_of(store, file)
            quotes = await asyncio.to_thread(quotes_in, text or "", file.labels)
            elements = [_quoted(each, quotes, QuotedFile.of(file)) for each in elements]
    return elements


def _quoted(element: ElementView, quotes: Sequence[Quote], file: QuotedFile | None) -> ElementView:
    """By the label that the matcher takes for the element; one that is quoted or missing stays."""
    if element.quote is not None or element.is_missing:
        return element
    wanted = [element.element]
    quote = next((each for each in quotes if not missing_elements(wanted, [each.label])), None)
    if quote is None:
        return element
    return element.model_copy(update={"quote": QuoteView.model_validate(quote), "file": file})


def page(view: DutyElements) -> str:
    """The same as a page for people."""
    at = view.fetched_at and moment_text(view.fetched_at, to="seconds")
    return _TEMPLATES.get_template("elements.html").render(view=view, at=at, head_number=None)
