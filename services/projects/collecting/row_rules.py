"""Which row of a page is which, when it came, and what it says. Pure."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from itertools import count
from typing import NamedTuple, TypeVar
from urllib.parse import quote
from uuid import UUID

from services.projects.collecting.models import PortalPage
from services.projects.reading.dates import Printed, Provenance
from services.projects.reading.lists import MAX_ADDRESS
from services.projects.reading.naming import normal_name
from services.projects.reading.tables import Record
from shared.clock import today

NAME_IN_ADDRESS = 20


class Bracket(NamedTuple):
    """Between which of our own looks a row came."""

    seen_at: datetime
    absent_at: datetime | None


class Identity(NamedTuple):
    """What a row is known by; None where it does not say."""

    code: str | None
    doc_no: str | None
    name: str | None


def identity(row: PortalPage | Record) -> Identity:
    if isinstance(row, Record):
        return Identity(row.code, row.doc_no, normal_name(row.name or "") or None)
    return Identity(row.project_code, row.doc_no, normal_name(row.project_name or "") or None)


class Pairing(NamedTuple):
    """Of each record the known row; which known rows are no more, or may be one of several."""

    rows: list[PortalPage | None]
    """None for a record that is new, or that may be one of several known rows."""
    lost: list[PortalPage]
    unclear: list[PortalPage]


T = TypeVar("T")
Way = Callable[[PortalPage | Record], object]


def pair(known: Sequence[PortalPage], records: Sequence[Record]) -> Pairing:
    """Which row is which: by all that it says, then by what it is known by.

    A row whose number or name was mended is the same, as long as nothing contradicts it. Of several
    rows of one project without numbers that say something else now nobody knows which is which.
    """
    paired: list[PortalPage | None] = [None] * len(records)
    left = {row.id: row for row in sorted(known, key=lambda row: row.gone_at is not None)}
    unclear: dict[UUID, PortalPage] = {}
    ways: tuple[Way, ...] = (
        _text,
        lambda row: identity(row) if any(identity(row)) else None,
        lambda row: identity(row).code,
        lambda row: identity(row).doc_no,
        lambda row: identity(row).name,
    )
    for way in ways:
        rows = _grouped((way(row), row) for row in left.values())
        waiting = (at for at, row in enumerate(paired) if row is None)
        for key, group in _grouped((way(records[at]), at) for at in waiting).items():
            for at in group:
                fits = [row for row in rows.get(key, ()) if row.id in left]
                fits = [row for row in fits if not _are_apart(row, records[at])]
                fits = [row for row in fits if row.gone_at is None] or fits
                if way is not _text and _is_unclear(fits, group, records):
                    unclear |= {row.id: row for row in fits}
                elif fits:
                    paired[at] = left.pop(fits[0].id)
    lost = [row for row in left.values() if row.id not in unclear]
    return Pairing(paired, lost, [row for row in unclear.values() if row.id in left])


def _text(row: PortalPage | Record) -> str | None:
    return text_hash(row) if isinstance(row, Record) else row.text_sha256


def text_hash(record: Record) -> str:
    return hashlib.sha256(record.text.encode()).hexdigest()


def _grouped(each: Iterable[tuple[object, T]]) -> dict[object, list[T]]:
    """By their keys; without those that have none."""
    groups: dict[object, list[T]] = defaultdict(list)
    for key, one in each:
        if key is not None:
            groups[key].append(one)
    return groups


def _are_apart(row: PortalPage, record: Record) -> bool:
    old, new = identity(row), identity(record)
    return any(
        a is not None and b is not None and a != b
        for a, b in ((old.code, new.code), (old.doc_no, new.doc_no))
    )


def _is_unclear(
    fits: Sequence[PortalPage], group: Sequence[int], records: Sequence[Record]
) -> bool:
    """Whether there are several of a kind, before or now, and no number tells them apart."""
    are_several = len(fits) > 1 or (len(fits) == 1 and len(group) > 1)
    return are_several and all(records[at].doc_no is None for at in group)


def addresses(url: str, records: Sequence[Record], taken: Collection[str]) -> list[str]:
    """An address for each: that of the page with a text fragment, by which a browser finds the row.

    (WICG, URL Fragment Text Directives.) A hyphen is a sign of that syntax, and so is spelled out.
    None is one of `taken`, which other rows have, on the page or gone from it.
    """
    used, found = set(taken), []
    for record in records:
        its = identity(record)
        words = [its.code, its.doc_no] if its.code or its.doc_no else [_start(record.name)]
        marks = [f"text={quote(word, safe='').replace('-', '%2D')}" for word in words if word]
        address = f"{url}#:~:{'&'.join(marks)}"
        if len(address) > MAX_ADDRESS or address in used:
            address = _numbered(url, record, used)
        used.add(address)
        found.append(address)
    return found


def _numbered(url: str, record: Record, used: Collection[str]) -> str:
    """An address of the page with a mark of what the row says, the first that no row has."""
    for number in count():
        mark = hashlib.sha256(f"{number} {record.text}".encode()).hexdigest()[:16]
        address = f"{beginning(url)}#row-{mark}"
        if address not in used:
            break
    return address


def beginning(url: str) -> str:
    """What the addresses of all rows of a page begin with."""
    return url[: MAX_ADDRESS - 40]


def _start(name: str | None) -> str | None:
    return name[:NAME_IN_ADDRESS] if name else None


def bracket(
    page: PortalPage, at: datetime, checked_before: datetime | None, *, has_rows: bool
) -> Bracket:
    """When a row came that was not known: with its page, or since its page was read before.

    Of a page that was read before and has no row yet nobody knows whether they were looked for.
    """
    if checked_before is None:
        return Bracket(page.content_seen_at, page.content_absent_at)
    return Bracket(at, checked_before if has_rows else None)


def may_be_of(row: PortalPage, unclear: Sequence[PortalPage]) -> None:
    """A row that may be one of those was perhaps there since the first of them."""
    alike = [each for each in unclear if identity(each).name == identity(row).name]
    first = min(alike, key=lambda each: each.content_seen_at, default=row)
    row.content_seen_at, row.content_absent_at = first.content_seen_at, first.content_absent_at


def new_row(page: PortalPage, address: str, came: Bracket) -> PortalPage:
    return PortalPage(
        parent_id=page.id,
        portal_id=page.portal_id,
        url=address,
        title="",
        first_seen_at=came.seen_at,
        last_absent_at=came.absent_at,
        content_seen_at=came.seen_at,
        content_absent_at=came.absent_at,
        last_listed_at=page.last_listed_at,
    )


def take_over(row: PortalPage, page: PortalPage, record: Record) -> None:
    """What the row says, and what its page says of itself."""
    its = identity(record)
    before = (row.text_sha256, row.claimed_at, row.listed_title, row.evidence_id)
    row.title, row.listed_title = record.text[:500], page.title
    row.listed_on, row.column_name = page.listed_on, page.column_name
    row.source_name, row.index_no = page.source_name, page.index_no
    row.project_code, row.doc_no = its.code, its.doc_no
    row.project_name = (record.name or "")[:300] or None
    row.formed_on, row.formed_label = record.formed_on, None
    row.labels = {**page.labels, **{head: -1 for head, cell in record.cells.items() if cell}}
    row.text_sha256 = text_hash(record)
    row.content_sha256 = hashlib.sha256(json.dumps(its, ensure_ascii=False).encode()).hexdigest()
    row.evidence_id = page.evidence_id
    _claim(row, page, record.published)
    after = (row.text_sha256, row.claimed_at, row.listed_title, row.evidence_id)
    row.match_wanted = row.match_wanted or before != after


def _claim(row: PortalPage, page: PortalPage, published: Printed | None) -> None:
    """The row's own time of publication; else its page's, unless the row was decided after that."""
    row.cms_at, row.header_at = page.cms_at, page.header_at
    row.flags, row.is_disputed = list(page.flags), page.is_disputed
    if published is not None:
        row.claimed_at, row.claimed_precision = published.at, published.precision
        row.claimed_from, row.claims_agree, row.trust = Provenance.LABEL, False, 2
        row.flags, row.is_disputed = [], False
        return
    claimed_at = page.claimed_at
    if claimed_at is not None and row.formed_on is not None and today(claimed_at) < row.formed_on:
        row.claimed_at = row.claimed_precision = row.claimed_from = None
        row.claims_agree, row.trust = False, 0
        return
    row.claimed_at, row.claimed_precision = claimed_at, page.claimed_precision
    row.claimed_from, row.claims_agree = page.claimed_from, page.claims_agree
    row.trust = page.trust
