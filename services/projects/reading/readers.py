"""How a portal is read, by the kind of its rule: one table for dry runs, walks and rules.

Bytes are decoded here and nowhere else: a page is always read by the charset that its rule names.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from services.projects.reading import details, lists
from services.projects.reading.charset import Decoded, decode
from services.projects.reading.details import PageReading
from services.projects.reading.lists import ListPage
from services.projects.reading.rule import CollectorRule


class Reader(Protocol):
    """Reads the pages of portals by rules of one kind. Both raise SourceFault."""

    def read_list(self, text: str, url: str, rule: Any, *, number: int) -> ListPage: ...

    def read_page(self, text: str, url: str, rule: Any, now: datetime) -> PageReading: ...


class HtmlListReader:
    """Lists and pages of HTML, by CSS selectors."""

    def read_list(self, text: str, url: str, rule: CollectorRule, *, number: int) -> ListPage:
        return lists.read_list(text, url, rule, number=number)

    def read_page(self, text: str, url: str, rule: CollectorRule, now: datetime) -> PageReading:
        return details.read_page(text, url, rule.detail, now)


READERS: dict[str, Reader] = {"html_list": HtmlListReader()}


class ReadList(NamedTuple):
    page: ListPage
    decoded: Decoded


class ReadPage(NamedTuple):
    reading: PageReading
    decoded: Decoded


def read_list(
    body: bytes, headers: Mapping[str, str], url: str, rule: CollectorRule, *, number: int = 1
) -> ReadList:
    """What a list page holds. Raises SourceFault for what cannot be read."""
    decoded = _decoded(body, headers, rule)
    return ReadList(READERS[rule.kind].read_list(decoded.text, url, rule, number=number), decoded)


def read_page(
    body: bytes, headers: Mapping[str, str], url: str, rule: CollectorRule, now: datetime
) -> ReadPage:
    """What an item's own page holds. Raises SourceFault for what cannot be read."""
    decoded = _decoded(body, headers, rule)
    return ReadPage(READERS[rule.kind].read_page(decoded.text, url, rule, now), decoded)


def _decoded(body: bytes, headers: Mapping[str, str], rule: CollectorRule) -> Decoded:
    return decode(body, headers.get("content-type", ""), charset=rule.charset)
