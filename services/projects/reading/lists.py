"""Entries of a list page, and the address of the page after it."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urljoin, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.projects.reading.dates import month_and_day, read_day
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.html import parse
from services.projects.reading.marks import address_mark
from services.projects.reading.rule import (
    HtmlListRule,
    ListRule,
    NextLink,
    NoPager,
    NumberedPages,
)
from services.projects.reading.text import one_line

MAX_ADDRESS = 800
MAX_ROWS = 3000

MAX_SHOWN = 20_000
MAX_DATE_CELL, MAX_UP = 60, 20
NEAR_ITS_MARK = timedelta(days=150)

_SESSION_PATH = re.compile(r";jsessionid=[^;/]*", re.IGNORECASE)
_SESSION_QUERY = re.compile(
    r"(?:jsessionid|phpsessid|session_?id|aspsessionid\w*|asp\.net_sessionid|cfid|cftoken)=|"
    # A short `sid` is the number of a column at some sites; a long one is a session everywhere.
    r"(?:sid|sessid)=[\w-]{20,}$",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s+")
_YEAR = re.compile(r"(20\d{2})\s*(年度?)?")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "dt", "th", "caption", "legend"))
"""Elsewhere a number alone may count something."""
_PAGE_COUNT = re.compile(r"共(\d{1,4})页|(?:第|页次[:：])\d{1,4}/(\d{1,4})")
_LAST_PAGE = frozenset(("尾页", "末页", "最后一页"))


@dataclass(frozen=True)
class Entry:
    """One row of a list: where it leads, what it is called, and the date shown beside it."""

    href: str
    url: str
    title: str
    listed_on: date | None
    column: str | None


@dataclass(frozen=True)
class ListPage:
    """What a list page holds; `layout` changes when the portal is redesigned.

    `lacks`: it holds fewer entries than it says, or some that lead nowhere. `parts`: where the list
    goes on besides, one part after the other. `total`: how many entries the whole list says it has.
    """

    entries: tuple[Entry, ...]
    pages: int | None
    layout: str
    next_url: str | None
    lacks: bool = False
    parts: tuple[str, ...] = ()
    total: int | None = None


def read_list(html: str, url: str, rule: HtmlListRule, *, number: int = 1) -> ListPage:
    """The entries of page `number` (from 1) of a list, in the order of the page.

    Raises SourceFault for what is no page.
    """
    page = parse(html)
    rows = page.css(rule.list.rows)
    if len(rows) > MAX_ROWS:
        raise SourceFault(Fault.TOO_LARGE, f"{len(rows)} entries on one page")
    years = _Years()
    entries = tuple(e for row in rows if (e := _entry(row, url, rule.list, years)) is not None)
    pages = _page_count(html, page, rule)
    return ListPage(
        entries=entries,
        pages=pages,
        layout=_layout(rows[0]) if rows else "",
        next_url=_next_url(page, url, rule, number=number, pages=pages) if entries else None,
    )


def page_address(href: str, base: str) -> str | None:
    """An absolute http(s) address without fragment and session; None for others or endless ones.

    What names the visitor and not the page would make a new page of it on every walk.
    """
    try:
        parts = urlsplit(urljoin(base, href.strip()))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    path = _SESSION_PATH.sub("", parts.path)
    query = "&".join(part for part in parts.query.split("&") if not _SESSION_QUERY.match(part))
    address = urlunsplit(parts._replace(path=path, query=query, fragment=""))
    return address if len(address.encode()) <= MAX_ADDRESS else None


class _Years:
    """The year that a heading above the rows of a list gives: `2026年`."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._year: int | None = None

    def above(self, row: LexborNode) -> int | None:
        """Rows come in the order of the page, so each looks back as far as the one before it."""
        node, steps = row.prev or _before_parent(row), 0
        while node is not None and node.mem_id != self._last and steps < MAX_ROWS:
            found = _year_of(node)
            if found is not None:
                self._year = None if _is_among_years(node) else found
                break
            node, steps = node.prev or _before_parent(node), steps + 1
        self._last = row.mem_id
        return self._year


def _year_of(node: LexborNode) -> int | None:
    """The year that is all that the node says, as a heading or with its word."""
    if node.child is not None and node.child.next is not None:
        return None
    found = _YEAR.fullmatch(node.text()[:40].strip())
    return int(found[1]) if found and (found[2] or node.tag in _HEADINGS) else None


def _is_among_years(node: LexborNode) -> bool:
    """Whether another year stands beside it: those are tabs to choose from, and no heading."""
    before, after = _beside(node, lambda each: each.prev), _beside(node, lambda each: each.next)
    is_heading = node.tag in _HEADINGS
    like = [each for each in (before, after) if each and (each.tag in _HEADINGS) is is_heading]
    return any(_year_of(each) is not None for each in like)


def _beside(node: LexborNode, step: Callable[[LexborNode], LexborNode | None]) -> LexborNode | None:
    """The next element to one side, over what only separates them."""
    found, steps = step(node), 0
    while found is not None and found.tag == "-text" and steps < MAX_UP:
        if any(map(str.isalnum, found.text())):
            return None
        found, steps = step(found), steps + 1
    return found


def _before_parent(node: LexborNode) -> LexborNode | None:
    parent = node.parent
    return parent if parent is not None and parent.tag not in ("body", "html") else None


def _entry(row: LexborNode, base: str, rule: ListRule, years: _Years) -> Entry | None:
    year = years.above(row)
    link = row.css_first(rule.link)
    href = (link.attributes.get("href") or "") if link else ""
    url = page_address(href, base)
    if link is None or url is None:
        return None
    title = one_line(link.attributes.get("title") or "") or one_line(link.text())
    column = row.css_first(rule.column) if rule.column else None
    return Entry(
        href=href,
        url=url,
        title=title,
        listed_on=_listed_on(row, link, url, rule, year),
        column=one_line(column.text()).strip("[]【】") if column else None,
    )


def _listed_on(
    row: LexborNode, link: LexborNode, url: str, rule: ListRule, year: int | None
) -> date | None:
    """The first date in the row's date cells: there, being beside the title is the label.

    A date within the title is the title's own.
    """
    cells = row.css(rule.date) if rule.date else []
    for cell in cells:
        if not _is_within(cell, link) and not _is_within(link, cell):
            text = one_line(cell.text()[: 2 * MAX_DATE_CELL])
            day = read_day(text) if len(text) <= MAX_DATE_CELL else None
            day = day or _day_of_a_year(text, url, year)
            if day is not None:
                return day
    return None


def _day_of_a_year(text: str, url: str, year: int | None) -> date | None:
    """`[08-31]` in the year of the heading above, else in that of the address of its page.

    None where these two lie far apart. Without a heading: of the years about that of the address
    the one whose day is near to the day there.
    """
    found = month_and_day(text)
    mark = address_mark(url)
    if found is None or (year is None and mark is None):
        return None
    if year is not None:
        headed = _day(year, *found)
        is_far = headed and mark and abs(headed - mark.on) > NEAR_ITS_MARK
        return None if is_far else headed
    assert mark is not None
    days = [_day(mark.on.year + step, *found) for step in (-1, 0, 1)]
    near = [day for day in days if day and abs(day - mark.on) <= NEAR_ITS_MARK]
    return near[0] if len(near) == 1 else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _is_within(node: LexborNode, outer: LexborNode) -> bool:
    step: LexborNode | None = node
    for _ in range(MAX_UP):
        if step is None or step.mem_id == outer.mem_id:
            return step is not None
        step = step.parent
    return False


def _page_count(html: str, page: LexborHTMLParser, rule: HtmlListRule) -> int | None:
    """How many pages the list says it has: by the rule's words, else as people read it."""
    if not isinstance(rule.pager, NoPager) and rule.pager.count:
        found = re.search(re.escape(rule.pager.count) + r"\s*(\d{1,5})", html)
        if found:
            return int(found.group(1))
    shown = _SPACES.sub("", page.body.text()[-MAX_SHOWN:]) if page.body else ""
    counts = {int(count) for found in _PAGE_COUNT.findall(shown) for count in found if count}
    return counts.pop() if len(counts) == 1 else _last_number(page, rule)


def _last_number(page: LexborHTMLParser, rule: HtmlListRule) -> int | None:
    """The number of the page to which the link to the last one leads."""
    if not isinstance(rule.pager, NumberedPages):
        return None
    before, after = map(re.escape, rule.pager.address.rsplit("/", 1)[-1].split("{n}"))
    numbered = re.compile(rf"(?:^|/){before}(\d{{1,5}}){after}$")
    links = (a for a in page.css("a[href]") if _SPACES.sub("", a.text()) in _LAST_PAGE)
    hits = [numbered.search(link.attributes.get("href") or "") for link in links]
    numbers = {int(hit[1]) - rule.pager.first + 2 for hit in hits if hit}
    return numbers.pop() if len(numbers) == 1 else None


def _next_url(
    page: LexborHTMLParser, url: str, rule: HtmlListRule, *, number: int, pages: int | None
) -> str | None:
    if number >= min(pages or rule.max_pages, rule.max_pages):
        return None
    if isinstance(rule.pager, NumberedPages):
        return page_address(rule.pager.address.format(n=number - 1 + rule.pager.first), url)
    if isinstance(rule.pager, NextLink):
        link = page.css_first(rule.pager.selector)
        href = link.attributes.get("href") if link else None
        following = page_address(href, url) if href else None
        return following if following != url else None
    return None


def _layout(row: LexborNode) -> str:
    """A hash of the tags and classes that stand around the entries."""
    above, node = [], row.parent
    while node is not None and node.tag != "html":
        above.append(f"{node.tag}.{node.attributes.get('class') or ''}")
        node = node.parent
    return hashlib.sha256("/".join(above).encode()).hexdigest()[:16]
