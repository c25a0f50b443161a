"""What a page is called by itself: by its standard tag, its heading, or its title. Pure."""

import re

from selectolax.lexbor import LexborHTMLParser

from services.projects.reading.dates import plain
from services.projects.reading.meta_tags import MetaTags
from services.projects.reading.others import is_within
from services.projects.reading.text import one_line

MAX_TITLE = 500
MAX_HEADINGS = 50

_HEADINGS = (".article_title, .article-title", "h1", "h2", "h3", "h4")
_SEARCH = re.compile(r"(?:站内|全站|高级|本站|信息)?(?:搜索|检索|查询|搜一搜)")
_PARTS = re.compile(r"\s*[_|]\s*|\s+-\s+|-(?=[^-]*$)")
_SPACES = re.compile(r"\s+")


def read_title(page: LexborHTMLParser, meta: MetaTags, others: frozenset[int]) -> str:
    """The title of the document; empty where the page shows none but the site's own.

    Of several headings the one that `<title>` repeats is the document's: the others are the site's.
    """
    tagged = meta.get("ArticleTitle")
    if tagged:
        return tagged[:MAX_TITLE]
    node = page.css_first("title")
    title = one_line(node.text()[: 4 * MAX_TITLE]) if node else ""
    site = {name for key in ("SiteName", "ColumnName") if (name := _bare(meta.get(key) or ""))}
    headings = [each for each in _headings(page, others) if _bare(each) not in site]
    repeated = [each for each in headings if len(each) > 1 and _bare(each) in _bare(title)]
    if repeated:
        return max(repeated, key=len)[:MAX_TITLE]
    if headings:
        return headings[0][:MAX_TITLE]
    is_site = all(_bare(part) in site for part in _PARTS.split(plain(title)) if part)
    return "" if is_site else title[:MAX_TITLE]


def _headings(page: LexborHTMLParser, others: frozenset[int]) -> list[str]:
    """Headings by rank, without those of menus, search boxes and lists beside the article."""
    found = []
    for selector in _HEADINGS:
        for node in page.css(selector)[:MAX_HEADINGS]:
            text = one_line(node.text()[: 4 * MAX_TITLE])
            if text and not _SEARCH.fullmatch(text) and not is_within(node, others):
                found.append(text)
    return found


def _bare(text: str) -> str:
    return _SPACES.sub("", plain(text))
