"""Entries of an RSS (0.9x, 1.0, 2.0) or Atom (RFC 4287) feed. Pure.

Of its times only that of publication counts: an entry that says when it was changed, or nothing,
has no date.
"""

from datetime import date
from xml.etree.ElementTree import Element

from selectolax.lexbor import LexborHTMLParser

from services.projects.reading.dates import read_day
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.lists import MAX_ROWS, Entry, ListPage, page_address
from services.projects.reading.text import node_text, one_line
from services.projects.reading.xml_trees import children, first_text, name_of, parse

_FORMS = {"rss": "item", "rdf": "item", "feed": "entry"}
_PUBLISHED = ("pubdate", "published", "issued")


def read_list(text: str, url: str) -> ListPage:
    """The entries of a feed, in its order. Raises SourceFault for what is no feed."""
    root = parse(text)
    form = name_of(root)
    if form not in _FORMS:
        raise SourceFault(Fault.REDESIGNED, "the answer is no feed")
    nodes = [node for place in _places(root) for node in children(place, _FORMS[form])]
    if len(nodes) > MAX_ROWS:
        raise SourceFault(Fault.TOO_LARGE, f"{len(nodes)} entries in one feed")
    entries = tuple(e for node in nodes if (e := _entry(node, url)) is not None)
    return ListPage(entries, None, f"feed-{form}", None, lacks=len(entries) < len(nodes))


def _places(root: Element) -> list[Element]:
    """Where entries stand: at the root (RSS 1.0, Atom) or in a channel of it, and nowhere below."""
    return [root, *children(root, "channel")]


def _entry(node: Element, url: str) -> Entry | None:
    href = _link(node)
    where = page_address(href, url) if href else None
    title = _plain(first_text(node, "title"))
    if where is None or not title:
        return None
    return Entry(href, where, title, _published(node), _column(node))


def _link(node: Element) -> str:
    """Where it leads: in Atom the alternate link, in RSS `link`, or a guid that is an address."""
    for link in children(node, "link"):
        target = link.get("href") or (link.text or "").strip()
        if target and link.get("rel", "alternate") == "alternate":
            return target
    guid = next(children(node, "guid"), None)
    is_address = guid is not None and guid.get("isPermaLink", "true") == "true"
    return first_text(node, "guid") if is_address else ""


def _published(node: Element) -> date | None:
    said = first_text(node, *_PUBLISHED)
    return read_day(said) if said else None


def _column(node: Element) -> str | None:
    atom = next((c.get("label") or c.get("term") for c in children(node, "category")), None)
    return atom or first_text(node, "category") or None


def _plain(title: str) -> str:
    """A title is text, or HTML that stands there as text."""
    return one_line(node_text(LexborHTMLParser(title).body)) if "<" in title else title
