"""Entries of a platform that answers with JSON, and the address of the page after them. Pure."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import orjson

from services.projects.reading import json_bodies
from services.projects.reading.dates import Precision, Printed, read_moment
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.json_rule import (
    CursorParameter,
    JsonApiRule,
    JsonList,
    OffsetParameter,
    PageParameter,
    TimeUnit,
)
from services.projects.reading.lists import MAX_ADDRESS, MAX_ROWS, Entry, ListPage, page_address
from services.projects.reading.text import one_line

MAX_PAGES = 100_000
_PLACE = re.compile(r"\{([^\s{}]+)\}")


def read_list(text: str, url: str, rule: JsonApiRule, *, number: int = 1) -> ListPage:
    """The entries of page `number` (from 1), in the order of the answer.

    Raises SourceFault for what is no such answer: a page to sign in, an error of the platform.
    """
    answer = parsed(text)
    rows = at(answer, rule.list.items)
    if not isinstance(rows, list):
        raise SourceFault(Fault.REDESIGNED, "there is no list where the rule looks")
    if len(rows) > MAX_ROWS:
        raise SourceFault(Fault.TOO_LARGE, f"{len(rows)} entries on one page")
    entries = tuple(e for row in rows if (e := _entry(row, url, rule.list)) is not None)
    total, pages = _total(answer, rule), _pages(answer, rule)
    announced = _announced(rule, total, pages, number)
    return ListPage(
        entries=entries,
        pages=pages,
        layout=hashlib.sha256(f"json {rule.list.items}".encode()).hexdigest()[:16],
        next_url=_next_url(answer, url, rule, number=number, pages=pages) if entries else None,
        lacks=len(entries) < len(rows) or announced not in (None, len(rows)),
        total=total,
    )


def parsed(text: str) -> Any:
    """Raises SourceFault(redesigned) for what is no JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SourceFault(Fault.REDESIGNED, "the answer is not JSON") from error


def at(value: Any, path: str | None) -> Any:
    """What stands at a path; None where there is nothing, or no path."""
    if path is None:
        return None
    for name in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and len(name) < 5:
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value


def written(value: Any) -> str:
    """A text or a number in one line; of anything else nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return one_line(str(value))


def moment(value: Any, unit: TimeUnit) -> Printed | None:
    """A time as the rule says that the platform writes it; None for what is none."""
    if unit == "text":
        return read_moment(value) if isinstance(value, str) else None
    digits = written(value)
    if not digits.isdecimal() or len(digits) > 15:
        return None
    seconds = int(digits) / (1000 if unit == "milliseconds" else 1)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    # Midnight in China stands for "no time", as where times are written out.
    is_day = (seconds + 8 * 3600) % 86_400 == 0
    return Printed(moment, Precision.DAY if is_day else Precision.MINUTE, digits)


def _entry(row: Any, url: str, rule: JsonList) -> Entry | None:
    """None for a row without a title or an address: whatever it is, it leads nowhere."""
    title, href = written(at(row, rule.title)), _address(row, rule.address)
    where = page_address(href, url) if href else None
    if not title or href is None or where is None:
        return None
    column = written(at(row, rule.column))
    return Entry(href, where, title, _listed_on(row, rule), column or None)


def _address(row: Any, pattern: str) -> str | None:
    """The pattern with the entry's values; one that is a value alone is taken as it stands."""
    whole = _PLACE.fullmatch(pattern)
    if whole:
        return written(at(row, whole[1])) or None
    values = {place: written(at(row, place)) for place in _PLACE.findall(pattern)}
    if not all(values.values()):
        return None
    return _PLACE.sub(lambda found: quote(values[found[1]], safe=""), pattern)


def _listed_on(row: Any, rule: JsonList) -> date | None:
    found = moment(at(row, rule.date), rule.time_unit)
    return found.on if found else None


def _total(answer: Any, rule: JsonApiRule) -> int | None:
    return _count(at(answer, rule.list.total))


def _count(value: Any) -> int | None:
    """A number of things, also one written as text."""
    digits = written(value)
    return int(digits) if digits.isdecimal() and len(digits) < 10 else None


def _pages(answer: Any, rule: JsonApiRule) -> int | None:
    """How many pages the list says it has; nothing that it could not have."""
    total, size = _total(answer, rule), rule.size
    pages = _count(at(answer, rule.list.pages))
    if total is not None and size is not None:
        pages = max(1, -(-total // size))
    return pages if pages is not None and 0 < pages <= MAX_PAGES else None


def _announced(rule: JsonApiRule, total: int | None, pages: int | None, number: int) -> int | None:
    """How many entries the page must have by what the list says of its length; None if it cannot
    be known.
    """
    if total is None or not rule.is_paged:
        return total
    if rule.size is None or pages is None:
        return None
    return max(0, min(rule.size, total - rule.size * (number - 1)))


def _next_url(
    answer: Any, url: str, rule: JsonApiRule, *, number: int, pages: int | None
) -> str | None:
    if number >= min(pages or rule.max_pages, rule.max_pages):
        return None
    pager = rule.pager
    if isinstance(pager, PageParameter):
        return _turned(url, rule, pager.parameter, str(pager.first + number))
    if isinstance(pager, OffsetParameter):
        return _turned(url, rule, pager.parameter, str(pager.size * number))
    if isinstance(pager, CursorParameter):
        value = written(at(answer, pager.next))
        if not value:
            return None
        if rule.post is not None and pager.parameter:
            following = json_bodies.address(url, pager.parameter, value)
            return following if len(following) <= MAX_ADDRESS else None
        following = _with(url, pager.parameter, value) if pager.parameter else value
        address = page_address(following, url)
        return address if address != url else None
    return None


def _turned(url: str, rule: JsonApiRule, name: str, value: str) -> str:
    """The address of the page with another value of what turns it, in its query or its body."""
    return _with(url, name, value) if rule.post is None else json_bodies.address(url, name, value)


def _with(url: str, name: str, value: str) -> str:
    """The address with another value of one parameter."""
    parts = urlsplit(url)
    others = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return urlunsplit(parts._replace(query=urlencode([*others, (name, value)])))
