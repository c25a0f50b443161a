"""When a row of a page came, where it stands, and what it says. Pure."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import NamedTuple
from urllib.parse import quote

from services.projects.collecting.models import PortalPage
from services.projects.collecting.pairing import identity, text_hash
from services.projects.reading.claims import Flag
from services.projects.reading.dates import Printed, Provenance
from services.projects.reading.lists import MAX_ADDRESS
from services.projects.reading.tables import Record
from shared.clock import today

NAME_IN_ADDRESS = 20


class Bracket(NamedTuple):
    """Between which of our own looks a row came."""

    seen_at: datetime
    absent_at: datetime | None


def addresses(url: str, records: Sequence[Record], taken: Collection[str]) -> list[str]:
    """An address for each: that of the page with a text fragment, by which a browser finds the row.

    (WICG, URL Fragment Text Directives.) A hyphen is a sign of that syntax, and so is spelled out.
    None is one of `taken`, which other rows have, on the page or gone from it.
    """
    used, found = set(taken), []
    numbers: dict[str, Iterator[int]] = defaultdict(count)
    for record in records:
        its = identity(record)
        words = (
            [its.code, its.doc_no]
            if its.code or its.doc_no
            else [_start(record.name or record.text)]
        )
        marks = [f"text={quote(word, safe='').replace('-', '%2D')}" for word in words if word]
        address = f"{url}#:~:{'&'.join(marks)}"
        if len(address) > MAX_ADDRESS or address in used:
            address = _numbered(url, record, used, numbers[record.text])
        used.add(address)
        found.append(address)
    return found


def _numbered(url: str, record: Record, used: Collection[str], numbers: Iterator[int]) -> str:
    """An address of the page with a mark of what the row says, the first that no row has.

    `numbers` of those that say the same go on where the last one found its own.
    """
    for number in numbers:
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


def kinds(known: Collection[PortalPage]) -> set[bool]:
    """Of which rows it is known that they were looked for: sentences (True), those of tables."""
    found = {Flag.IN_PROSE in row.flags for row in known}
    return found | {True} if found else found


def bracket(
    page: PortalPage, at: datetime, checked_before: datetime | None, *, has_rows: bool
) -> Bracket:
    """When a row came that was not known: with its page, or since its page was read before.

    Of a page that was read before and has no row yet nobody knows whether they were looked for.
    """
    if checked_before is None:
        return Bracket(page.content_seen_at, page.content_absent_at)
    return Bracket(at, checked_before if has_rows else None)


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
    others = [flag for flag in row.flags if flag not in (Flag.NO_WORDS, Flag.IN_PROSE)]
    row.flags = [*others, *[Flag.IN_PROSE.value] * record.is_prose]
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
