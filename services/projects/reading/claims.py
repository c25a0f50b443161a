"""The time a page claims for its publication, how far to trust it, and what speaks against it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.projects.reading.article import Substance
from services.projects.reading.dates import Precision, Printed, Provenance
from services.projects.reading.details import PageReading
from services.projects.reading.marks import Mark
from shared.clock import day_start, today

SLACK = timedelta(days=1)
"""A page finished after midnight bears the next day's mark; more than that contradicts it."""


class Flag(StrEnum):
    """What a person who looks into a page should know."""

    LIST_DIFFERS = "list_date_differs"
    META_AND_LABEL_DIFFER = "meta_and_label_differ"
    LABELS_DIFFER = "labels_differ"
    OLDER_THAN_ITS_MARK = "claim_older_than_content_mark"
    FUTURE_DATE = "future_date_ignored"
    MISDECLARED_CHARSET = "charset_misdeclared"
    CLAIM_CHANGED = "claim_changed_since_first_read"
    NO_WORDS = "words_not_readable"
    """A file, a picture or a frame: what it says no machine has read."""
    NEEDS_A_PERSON = "needs_a_person"
    """So that a person must read it: it was tried."""
    HIDDEN = "labels_hidden"
    """It has labels that it shows to nobody: they count for nothing until a person has looked."""
    IN_PROSE = "in_prose"
    """A sentence of a page that publishes several, and no row of a table."""


CONTRADICTIONS = frozenset({Flag.META_AND_LABEL_DIFFER, Flag.OLDER_THAN_ITS_MARK})


@dataclass(frozen=True)
class Claim:
    """The claimed time with its provenance; `at` is None where the page claims none."""

    at: datetime | None = None
    precision: Precision | None = None
    provenance: Provenance | None = None
    cms_at: datetime | None = None
    header_at: datetime | None = None
    agree: bool = False
    trust: int = 0
    flags: tuple[Flag, ...] = ()

    @property
    def is_disputed(self) -> bool:
        return not CONTRADICTIONS.isdisjoint(self.flags)


def claim_of(
    page: PageReading | None, *, listed_on: date | None, header_at: datetime | None, now: datetime
) -> Claim:
    """The best claim for an item: meta tag, else label, else list date, else Last-Modified.

    `page` is None while the item's own page has not been read: then only the list speaks.
    """
    header = header_at if header_at and header_at <= now + SLACK else None
    listed = _listed(listed_on, now)
    candidates = (
        (page.meta_time if page else None, Provenance.META),
        (page.label_time if page else None, Provenance.LABEL),
        (listed, Provenance.LIST),
        (_from_header(header), Provenance.HEADER),
    )
    printed, provenance = next(((p, src) for p, src in candidates if p), (None, None))
    mark = page.mark if page and page.mark and page.mark.on <= today(now) else None
    flags = _flags(page, printed, provenance, listed, mark)
    return Claim(
        at=printed.at if printed else None,
        precision=printed.precision if printed else None,
        provenance=provenance,
        cms_at=day_start(mark.on) if mark else None,
        header_at=header,
        agree=_agree(page),
        trust=_trust(page, provenance, mark, printed),
        flags=flags,
    )


def _listed(listed_on: date | None, now: datetime) -> Printed | None:
    if listed_on is None or listed_on > today(now):
        return None
    return Printed(day_start(listed_on), Precision.DAY, listed_on.isoformat())


def _from_header(header_at: datetime | None) -> Printed | None:
    return Printed(header_at, Precision.MINUTE, "") if header_at else None


def _flags(
    page: PageReading | None,
    printed: Printed | None,
    provenance: Provenance | None,
    listed: Printed | None,
    mark: Mark | None,
) -> tuple[Flag, ...]:
    own = provenance in (Provenance.META, Provenance.LABEL)
    believed = printed if provenance is not Provenance.HEADER else None
    is_for_eyes = page and (page.substance is Substance.EYES or page.hides_labels)
    raised = {
        Flag.LIST_DIFFERS: own and listed and printed and listed.on != printed.on,
        Flag.META_AND_LABEL_DIFFER: page
        and page.meta_time
        and page.label_time
        and abs(page.meta_time.on - page.label_time.on) > SLACK,
        Flag.LABELS_DIFFER: page and page.labels_differ,
        Flag.OLDER_THAN_ITS_MARK: believed and mark and believed.on < mark.on - SLACK,
        Flag.FUTURE_DATE: page and page.future_dropped,
        Flag.NO_WORDS: is_for_eyes,
        Flag.NEEDS_A_PERSON: is_for_eyes,
        Flag.HIDDEN: page and page.hides_labels,
    }
    return tuple(flag for flag, is_raised in raised.items() if is_raised)


def _trust(
    page: PageReading | None,
    provenance: Provenance | None,
    mark: Mark | None,
    printed: Printed | None,
) -> int:
    """3 meta = label = content mark; 2 meta or label; 1 list or header only; 0 no time at all."""
    if page is None or provenance not in (Provenance.META, Provenance.LABEL):
        return 1 if provenance else 0
    marked = mark is not None and printed is not None and abs(printed.on - mark.on) <= SLACK
    return 3 if _agree(page) and marked else 2


def _agree(page: PageReading | None) -> bool:
    """Whether meta tag and label claim the same day."""
    if page is None or page.meta_time is None or page.label_time is None:
        return False
    return page.meta_time.on == page.label_time.on
