"""Addresses of a sitemap (sitemaps.org), and of those that an index of sitemaps names. Pure.

It says which pages there are and when each was changed last; neither what they are called nor when
they were published, unless it is one of news.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from services.projects.reading.dates import read_day
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.hosts import host_of
from services.projects.reading.lists import Entry, ListPage, page_address
from services.projects.reading.rule import SitemapRule
from services.projects.reading.xml_trees import children, first_text, name_of, parse

MAX_ENTRIES = 50_000
"""As many as the protocol allows in one file."""
MAX_KEPT = 3000


def read_list(text: str, url: str, rule: SitemapRule, *, number: int = 1) -> ListPage:
    """The addresses below the folders of the rule; of an index, the sitemaps that it names.

    Raises SourceFault for what is neither, and for an index within another one.
    """
    root = parse(text)
    form = name_of(root)
    if form == "sitemapindex" and number == 1:
        return _of_index(root, url, rule)
    if form != "urlset":
        raise SourceFault(Fault.REDESIGNED, "the answer is no sitemap")
    nodes = list(children(root, "url"))
    found = [e for node in nodes[:MAX_ENTRIES] if (e := _entry(node, url, rule.under)) is not None]
    if len(found) > MAX_KEPT:
        raise SourceFault(Fault.TOO_LARGE, f"{len(found)} addresses in one sitemap")
    return ListPage(tuple(found), None, "sitemap", None)


def _of_index(root: Element, url: str, rule: SitemapRule) -> ListPage:
    """Only those of its own host: the others are no part of this portal."""
    nodes = list(children(root, "sitemap"))
    found = (page_address(first_text(node, "loc"), url) for node in nodes)
    own = [each for each in found if each and host_of(each) == host_of(url)]
    parts = tuple(dict.fromkeys(own))[: rule.max_pages]
    return ListPage((), None, "sitemap", None, lacks=len(parts) < len(nodes), parts=parts)


def _entry(node: Element, url: str, under: Sequence[str]) -> Entry | None:
    href = first_text(node, "loc")
    where = page_address(href, url)
    if where is None or not urlsplit(where).path.startswith(tuple(under)):
        return None
    news = next(children(node, "news"), None)
    title = first_text(news, "title") if news is not None else ""
    published = first_text(news, "publication_date") if news is not None else ""
    return Entry(href, where, title, read_day(published) if published else None, None)
