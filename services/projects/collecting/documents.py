"""Which document a page is: another one in its place, or one that stood elsewhere before."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting import queries, rules
from services.projects.collecting.list_notes import note_error
from services.projects.collecting.models import CollectorRun, DetailState, PortalPage
from services.projects.collecting.named.rules import note_first_seen
from services.projects.collecting.workflow import PAGES, PageAction
from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore
from services.projects.evidence.models import Capture
from services.projects.fetching.fetcher import Fetched, Validators
from services.projects.portals.models import Portal
from services.projects.reading.article import Substance
from services.projects.reading.beside import beside
from services.projects.reading.charset import Decoded
from services.projects.reading.claims import Claim, Flag
from services.projects.reading.details import PageReading
from services.projects.reading.faults import Fault, OtherHost, SourceFault
from services.projects.reading.files import FileWords, page_of_file
from services.projects.reading.hosts import host_of
from services.projects.reading.readers import ReadPage, decode_by, is_file, read_page
from services.projects.reading.removed import LEADS_AWAY, Place, leads_away, removal
from services.projects.reading.rule import CollectorRule


class SeenPage(NamedTuple):
    """An item's page as it was answered, as evidence keeps it, and what it says."""

    answer: Fetched
    capture: evidence.Answer
    read: ReadPage


NO_TEXT = Decoded("", "", misdeclared=False)
"""Of a file."""


async def succeed(session: AsyncSession, page: PortalPage, at: datetime) -> PortalPage:
    """Another document stands at the page's address: a page for it, which was absent before."""
    step = PAGES.find(page.detail_state, page.version, PageAction.LOSE)
    successor = PortalPage(
        portal_id=page.portal_id,
        url=page.url,
        title=page.listed_title or page.title,
        listed_title=page.listed_title,
        listed_on=page.listed_on,
        column_name=page.column_name,
        first_seen_at=at,
        last_absent_at=page.checked_at,
        last_listed_at=page.last_listed_at,
        content_seen_at=at,
        content_absent_at=page.checked_at,
    )
    page.url = rules.former_address(page.url, at)
    page.detail_state, page.gone_at, page.match_wanted = step.to, page.gone_at or at, True
    flag_modified(page, "match_wanted")  # it may have been matched since it was read
    page.version += 1
    await session.flush()
    session.add(successor)
    await session.flush()
    return successor


async def keep(
    session: AsyncSession, portal: Portal, page: PortalPage, seen: evidence.Answer
) -> bool:
    """Keep the page as evidence unless its bytes are as before; whether that is so."""
    is_first = page.evidence_id is None
    if is_first:
        note_first_seen(page, seen.fetched_at)
    known = None if is_first else await evidence.newest_of_url(session, portal.id, page.url)
    is_as_before = known is not None and known.sha256 == seen.sha256
    if known is None or not is_as_before:
        known = await evidence.record(session, portal.id, seen, is_public=portal.is_public)
    page.evidence_id = known.id
    return is_as_before


async def recognise(
    session: AsyncSession,
    portal: Portal,
    page: PortalPage,
    reading: PageReading,
    rule: CollectorRule,
) -> None:
    """A document that was seen at another address of the unit was published when it was there."""
    for earlier in await queries.same_looking(session, portal.unit_code, page):
        if rules.has_moved(earlier, reading, rule.items):
            page.content_seen_at = earlier.content_seen_at
            page.content_absent_at = earlier.content_absent_at
            return


def validators(page: PortalPage, portal: Portal) -> Validators | None:
    """By what a page is asked for again; None where it must be read although it may be as before:
    it was gone, with its rows, or could not be read.
    """
    is_read = page.detail_state is DetailState.READ and page.text_sha256 is not None
    # Of a release that looked at pages alone: its files were never tried.
    is_untried = Flag.NO_WORDS in page.flags and Flag.NEEDS_A_PERSON not in page.flags
    if not is_read or is_untried or rules.is_void(page, portal):
        return None
    return Validators(page.etag, page.last_modified)


def decode(answer: Fetched, rule: CollectorRule) -> Decoded:
    """The text of what was answered; a file has none. Raises SourceFault(wrong_charset)."""
    if is_file(answer.body, answer.headers, answer.final_url):
        return NO_TEXT
    return decode_by(rule, answer.body, answer.headers)


def read(
    page: PortalPage,
    answer: Fetched,
    decoded: Decoded,
    start_url: str,
    rule: CollectorRule,
    file: FileWords | None,
) -> ReadPage:
    """What the page's address holds; a `file` that stands there by its words.

    Raises SourceFault where that is no document of it.
    """
    fault = why_none(page, answer, decoded, start_url, rule)
    if fault is not None:
        raise fault
    if file is not None:
        reading = page_of_file(answer.body, file, rule.label_words, answer.fetched_at)
        return ReadPage(reading, decoded)
    return ReadPage(read_page(decoded, page.url, rule, answer.fetched_at), decoded)


def note_answer(run: CollectorRun, page: PortalPage, answer: Fetched, claim: Claim) -> None:
    """By what the page is asked for again; and that it could be had, and not be read."""
    page.etag = answer.headers.get("etag")
    page.last_modified = answer.headers.get("last-modified", "")[:100] or None
    if Flag.NO_WORDS in claim.flags:
        note_error(run, page.url, SourceFault(Fault.UNREADABLE, "it has no words to read"))


def why_none(
    page: PortalPage, answer: Fetched, decoded: Decoded, start_url: str, rule: CollectorRule
) -> SourceFault | None:
    """Why what stands at the page's address is no document of it, if so: it is gone, or something
    else stands before it.
    """
    is_known = page.content_sha256 is not None
    if leads_away(page.url, answer.final_url, start_url):
        return SourceFault(Fault.GONE if is_known else Fault.UNREADABLE, LEADS_AWAY)
    if decoded is NO_TEXT:
        return None
    titles = tuple(title for title in (page.listed_title, page.title) if title)
    place = Place(page.url, start_url, titles, rule.article)
    return removal(decoded.text, is_known=is_known, place=place)


def led_elsewhere(page: PortalPage, fault: OtherHost, start_url: str) -> SourceFault:
    """What it means that a page leads to another host, which is not asked: it stands there, but
    what leads to a front page is gone, and whether one that was read here is, nobody knows.
    """
    is_known = page.content_sha256 is not None
    if leads_away(page.url, fault.where, start_url):
        return SourceFault(Fault.GONE if is_known else Fault.UNREADABLE, LEADS_AWAY)
    is_of_portal = host_of(page.url) == host_of(start_url)
    return SourceFault(fault.fault, fault.detail) if is_known and is_of_portal else fault


def why_no_successor(
    page: PortalPage, reading: PageReading, rule: CollectorRule
) -> SourceFault | None:
    """Why what stands where a document was read before is no other one, if so: nothing marks it as
    one, so that a person must say whether the document is still there behind it.
    """
    is_other = page.content_sha256 and not rules.same_document(page, reading, rule.items)
    if is_other and not rules.has_face(page, reading):
        return SourceFault(Fault.UNREADABLE, "something else stands at its address")
    return None


async def emptied(
    before: Capture | None, files: EvidenceStore, rule: CollectorRule
) -> SourceFault | None:
    """Gone is an article without a word where there were some when it was read `before`, although
    its page is there. One that never had more than its title is as it was.
    """
    body = None if before is None else await files.get(before.sha256)
    if before is None or body is None:
        return None
    if is_file(body, before.headers, before.final_url):
        return None
    decoded = decode_by(rule, body, before.headers)
    was = await beside(read_page, decoded, before.url, rule, before.fetched_at)
    had_words = was.substance is not Substance.NOTHING
    return SourceFault(Fault.GONE, "its article is empty now") if had_words else None
