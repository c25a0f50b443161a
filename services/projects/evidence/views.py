"""Captures as the API shows them."""

from collections import Counter

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import comparing, queries, rules
from services.projects.evidence.comparing import LineKind
from services.projects.evidence.models import Capture
from services.projects.evidence.quoting import words_of
from services.projects.evidence.schemas import (
    CapturedAt,
    ComparedLineView,
    EvidenceDiff,
    EvidenceView,
    ProofStepView,
    QuoteView,
)
from services.projects.evidence.service import NoWords


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


def with_quotes(view: EvidenceView, body: bytes) -> EvidenceView:
    """The same with what the page states. Parses it: not for the thread of the requests."""
    words = words_of(body, view.headers, view.final_url, view.charset)
    if words is None:
        return view
    quotes = [QuoteView.model_validate(quote) for quote in words.quotes]
    return view.model_copy(update={"quotes": quotes})


def difference(old: tuple[Capture, bytes], new: tuple[Capture, bytes]) -> EvidenceDiff:
    """What changed between two captures. Parses both: not for the thread of the requests.

    Raises NoWords where one of them is no page.
    """
    texts = []
    for capture, body in (old, new):
        words = words_of(body, capture.headers, capture.final_url, capture.charset)
        if words is None:
            raise NoWords
        texts.append(words.text)
    lines = comparing.compare(*texts)
    count = Counter(line.kind for line in lines)
    changed = comparing.changes(lines)
    return EvidenceDiff(
        old=CapturedAt.model_validate(old[0]),
        new=CapturedAt.model_validate(new[0]),
        is_same=not changed,
        is_cut=comparing.is_cut(*texts),
        added=count[LineKind.ADDED],
        removed=count[LineKind.REMOVED],
        changed=count[LineKind.CHANGED],
        moved=count[LineKind.MOVED],
        lines=[ComparedLineView.model_validate(line) for line in changed],
    )
