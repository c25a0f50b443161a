"""What stood on a captured page, and where its labels stand in it: 批复文号：…, quoted. Pure.

Offsets count the characters of the page's words as they are shown, from 0.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from services.projects.reading.charset import decode
from services.projects.reading.faults import SourceFault
from services.projects.reading.hidden import hidden_in
from services.projects.reading.html import parse
from services.projects.reading.labels import Labelled, read_labels
from services.projects.reading.readers import is_file
from services.projects.reading.tables import read_tables
from services.projects.reading.text import JOINT, unjoined, visible_text

AROUND = 30
"""So many characters are shown before and after what is quoted."""
MOST_QUOTED = 300
_BESIDE = 40
"""So far from its label a value stands at most: brackets, spaces, the end of a line."""

_BEFORE_A_DATE = re.compile(rf"{JOINT}(?=\d{{4}}[-/.年])")
"""Where a list sets its day beside a title. No other joint gets a space: it would hide a name from
who looks for it in the text."""


class Quote(NamedTuple):
    """A label of a page with its value, where it begins, and what stands around it."""

    label: str
    offset: int
    text: str
    before: str
    after: str


class PageWords(NamedTuple):
    """What people read on a page, and its labels in their order."""

    text: str
    quotes: list[Quote]


def words_of(
    body: bytes, headers: Mapping[str, str], url: str, charset: str | None
) -> PageWords | None:
    """The words of a capture; None of what is no page, such as a PDF."""
    if is_file(body, headers, url):
        return None
    kind = headers.get("content-type", "text/html")
    try:
        page = parse(decode(body, kind, charset).text)
        hidden, root = hidden_in(page), page.body
        tables = read_tables(root, hidden, hidden).labels
    except SourceFault:
        return None
    joined = _BEFORE_A_DATE.sub(" ", visible_text(root, but=hidden))
    shown = unjoined(joined)
    found = {**_first(read_labels(joined)), **_first(tables)}
    quotes = [_quote(shown, joined, label, value) for label, value in found.items()]
    return PageWords(shown, sorted((each for each in quotes if each), key=lambda q: q.offset))


def _first(labels: Mapping[str, list[Labelled]]) -> dict[str, Labelled]:
    return {label: values[0] for label, values in labels.items()}


def _quote(shown: str, joined: str, label: str, found: Labelled) -> Quote | None:
    """None where the words of a table do not stand so in the text."""
    if found.offset >= 0:
        offset = len(unjoined(joined[: found.offset] + "x")) - 1
    else:
        offset = _in_table(shown, label, found.value)
    if offset < 0:
        return None
    near = shown.find(found.value, offset, offset + _BESIDE + len(found.value))
    end = (near + len(found.value)) if near >= 0 else offset + len(label)
    end = min(end, offset + MOST_QUOTED)
    before = shown[max(0, offset - AROUND) : offset]
    return Quote(label, offset, shown[offset:end], before, shown[end : end + AROUND])


def quotes_in(text: str, labels: Mapping[str, int]) -> list[Quote]:
    """Labels of a file with their values, `labels` their places in its text; in their order."""
    read = read_labels(text)
    found = []
    for label, at in labels.items():
        values = [each.value for each in read.get(label, []) if each.offset == at]
        value = values[0] if values else _beside(text, at + len(label))
        if at >= 0:
            found.append(_quote(text, text, label, Labelled(value, at)))
    return sorted((each for each in found if each), key=lambda quote: quote.offset)


def _beside(text: str, at: int) -> str:
    """What stands behind a cell of a table: in its line, or else in the next."""
    cells = text[at : at + MOST_QUOTED].lstrip(" \t|:").split("\n")
    return next((cell.strip() for cell in cells[:2] if cell.strip()), "")


def _in_table(shown: str, label: str, value: str) -> int:
    """Where the label stands with its value beside it; -1 where it nowhere does."""
    at = shown.find(label)
    while at >= 0:
        reach = at + len(label) + _BESIDE + len(value)
        if shown.find(value, at + len(label), reach) >= 0:
            return at
        at = shown.find(label, at + 1)
    return -1


class Piece(NamedTuple):
    """A part of the text; `offset` of one that is quoted."""

    text: str
    offset: int | None = None


def pieces(words: PageWords) -> list[Piece]:
    """The whole text, cut where quotes begin and end; of two that overlap the first is whole."""
    cut, at = [], 0
    for quote in words.quotes:
        if quote.offset >= at:
            cut.append(Piece(words.text[at : quote.offset]))
            cut.append(Piece(quote.text, quote.offset))
            at = quote.offset + len(quote.text)
    return [piece for piece in [*cut, Piece(words.text[at:])] if piece.text]
