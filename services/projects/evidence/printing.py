"""A capture as a page for people: when and where it was made, and what stood there as plain text.

Nothing of the captured page is sent as it is: its words are escaped, and its bytes are a download.
"""

from services.projects.evidence.quoting import pieces, words_of
from services.projects.evidence.schemas import EvidenceDiff, EvidenceView
from services.projects.reading.text import MAX_TEXT
from shared.clock import moment_text
from shared.web.templates import templates_of

_TEMPLATES = templates_of("projects")


def page(view: EvidenceView, body: bytes) -> str:
    """The whole page. Parses what a stranger wrote, some tenths of a second for the largest: not
    for the thread of the requests."""
    words = words_of(body, view.headers, view.final_url, view.charset)
    has_words = words is not None and bool(words.text)
    return _TEMPLATES.get_template("evidence.html").render(
        view=view,
        at=moment_text(view.fetched_at, to="seconds"),
        is_web=view.url.startswith(("http://", "https://")),
        pieces=pieces(words) if words is not None and has_words else None,
        quotes=words.quotes if words is not None else [],
        is_cut=words is not None and len(words.text) >= MAX_TEXT,
        most=MAX_TEXT,
        head_number=None,
    )


def difference_page(diff: EvidenceDiff) -> str:
    """What changed between two captures, as a page."""
    return _TEMPLATES.get_template("evidence_diff.html").render(
        diff=diff,
        old_at=moment_text(diff.old.fetched_at, to="seconds"),
        new_at=moment_text(diff.new.fetched_at, to="seconds"),
        head_number=None,
    )
