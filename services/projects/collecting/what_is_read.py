"""What a page is found to say, and when it claims to be published, onto its row. Pure."""

from services.projects.collecting import rules
from services.projects.collecting.models import PortalPage
from services.projects.reading.claims import Claim, Flag
from services.projects.reading.details import PageReading


def take_over(page: PortalPage, reading: PageReading) -> None:
    page.content_sha256 = rules.content_hash(reading)
    page.title = rules.title_of(page, reading)
    page.text_sha256 = reading.text_sha256
    page.source_name = (reading.meta.get("ContentSource") or "")[:200] or None
    page.column_name = (reading.meta.get("ColumnName") or page.column_name or "")[:100] or None
    page.project_code = reading.facts.project_code
    page.project_name = (reading.facts.project_name or "")[:300] or None
    page.doc_no = reading.facts.doc_no
    page.formed_on = reading.facts.formed_on
    page.formed_label = reading.facts.formed_label
    page.index_no = reading.facts.index_no
    page.labels = reading.labels


def claim(page: PortalPage, made: Claim, *, misdeclared: bool = False) -> None:
    flags = [*made.flags, *[Flag.MISDECLARED_CHARSET] * misdeclared]
    if page.claimed_at is not None and page.claimed_at != made.at:
        flags.append(Flag.CLAIM_CHANGED)
    page.claimed_at, page.claimed_precision = made.at, made.precision
    page.claimed_from, page.trust, page.claims_agree = made.provenance, made.trust, made.agree
    page.cms_at, page.header_at = made.cms_at, made.header_at
    page.flags, page.is_disputed = [flag.value for flag in flags], made.is_disputed
