"""A capture as a page for people: when and where it was made, and what stood there as plain text.

Nothing of the captured page is sent as it is: its words are escaped, and its bytes are a download.
"""

import re

from services.projects.evidence.schemas import EvidenceView
from services.projects.reading.charset import decode
from services.projects.reading.faults import SourceFault
from services.projects.reading.html import parse
from services.projects.reading.readers import is_file
from services.projects.reading.text import JOINT, MAX_TEXT, unjoined, visible_text
from shared.clock import SHANGHAI
from shared.web.templates import templates_of

_TEMPLATES = templates_of("projects")

_BEFORE_A_DATE = re.compile(rf"{JOINT}(?=\d{{4}}[-/.年])")
"""Where a list sets its day beside a title. No other joint gets a space: it would hide a name from
who looks for it in the text."""


def page(view: EvidenceView, body: bytes) -> str:
    """The whole page. Parses what a stranger wrote, some tenths of a second for the largest: not
    for the thread of the requests."""
    text = _text(view, body)
    return _TEMPLATES.get_template("evidence.html").render(
        view=view,
        at=view.fetched_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        is_web=view.url.startswith(("http://", "https://")),
        text=text,
        is_cut=text is not None and len(text) >= MAX_TEXT,
        most=MAX_TEXT,
        head_number=None,
    )


def _text(view: EvidenceView, body: bytes) -> str | None:
    """What people read there; None for what is no page, such as a PDF."""
    if is_file(body, view.headers, view.final_url):
        return None
    kind = view.headers.get("content-type", "text/html")
    try:
        read = parse(decode(body, kind, view.charset).text)
    except SourceFault:
        return None
    return unjoined(_BEFORE_A_DATE.sub(" ", visible_text(read.body))) or None
