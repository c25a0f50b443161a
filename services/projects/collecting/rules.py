"""When to read a portal, when a walk is at its end, and what it proves. Pure."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urljoin
from uuid import UUID

from services.projects.collecting.models import (
    UNTIL,
    CollectorRun,
    DetailState,
    PortalPage,
    RunKind,
)
from services.projects.portals import rules as portal_rules
from services.projects.portals.models import Portal, PortalHealth
from services.projects.reading.article import Substance
from services.projects.reading.cues import BEFORE_APPROVAL, item_codes
from services.projects.reading.details import PageReading
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.hosts import host_of
from services.projects.reading.lists import MAX_ADDRESS, ListPage
from services.projects.reading.naming import goes_on_otherwise, normal_name
from services.projects.reading.rule import CollectorRule, ItemCue
from shared.clock import today
from shared.errors import Conflict, Invalid, Text

FULL_WALK_EVERY = timedelta(hours=24)
RECHECK_AFTER = timedelta(hours=20)
RECHECKS_A_RUN = 200
OVERLAP_PAGES = 2
"""An incremental run ends after the page that holds nothing new and one page more."""
FAULTS_IN_A_ROW = 5
QUEUED_AT_ONCE = 200
ERRORS_KEPT = 20
MOST_TAKEOVERS = 5
"""So often a run is taken over without having gone on meanwhile: whatever stops it, it holds its
host no longer.
"""

PORTAL_WIDE = frozenset({Fault.TIMEOUT, Fault.UNREACHABLE, Fault.SERVER_ERROR, Fault.BLOCKED})


class NoRule(Conflict):
    type = "/problems/no-collector-rule"
    title = Text("该栏目还没有采集规则", "This portal has no collector rule yet")
    advice = Text("请先为该栏目设置采集规则", "Please set a rule for the portal first")


def other_capture() -> Invalid:
    """A capture to try a rule on is none of the portal."""
    detail = Text("所指定的存证不属于这个栏目", "A capture that was named is not of this portal")
    return Invalid(detail, pointer="/body")


def kind_due(portal: Portal, now: datetime, needed_since: datetime | None) -> RunKind:
    """A full walk once a day, after every failure, and where a proof of absence is waited for.

    `needed_since`: what the unit's duties need a proof to be younger than.
    """
    fresh = portal.walked_at is not None and portal.walked_at > now - FULL_WALK_EVERY
    is_proven = not portal_rules.wants_proof(portal, needed_since)
    healthy = portal.health is PortalHealth.UP
    return RunKind.INCREMENTAL if fresh and is_proven and healthy else RunKind.FULL


def may_be_past_the_end(number: int, rule: CollectorRule, declared: int | None) -> bool:
    """A list ends where it says so; only one that does not say how long it is ends by silence."""
    return declared is None and number > 1 and rule.may_end_unannounced


def list_fault(
    page: ListPage, number: int, rule: CollectorRule, *, declared: int | None, layout: str | None
) -> SourceFault | None:
    """Why this cannot be page `number` of the list: it shows no entry, or not those of a list.

    A page to sign in, a firewall's page and an empty answer stand where a page was promised.
    `layout` is how the first page looks.
    """
    if may_be_past_the_end(number, rule, declared):
        return None
    is_empty = not page.entries and not page.parts
    if is_empty and (number == 1 or not rule.may_have_empty_pages):
        return SourceFault(Fault.REDESIGNED, "the list has no entries")
    if number > 1 and layout is not None and page.layout != layout:
        return SourceFault(Fault.REDESIGNED, "this is not a page of the list")
    return None


def are_too_few(run: CollectorRun, listed: int) -> bool:
    """Whether a whole walk met fewer different entries than the list says it has: one that stood on
    two pages hid another.
    """
    is_whole = run.list_complete and not run.is_shifted
    return is_whole and run.declared_items is not None and listed < run.declared_items


def goes_on(run: CollectorRun, rule: CollectorRule, page: ListPage) -> tuple[str | None, list[str]]:
    """Where the list goes on after `page`, noted last: on its next page, else with the next of its
    parts; and which parts are left then.
    """
    parts = [*run.parts_left, *page.parts]
    if page.next_url is not None or not parts or run.pages >= rule.max_pages:
        return page.next_url, parts
    return parts[0], parts[1:]


def is_left(run: CollectorRun, rule: CollectorRule) -> bool:
    """Whether the list is left before its end, for the rule reads no more pages or there are none
    although the list said so.
    """
    return run.pages >= rule.max_pages or run.pages < (run.declared_pages or 0)


def ends_too_soon(run: CollectorRun, rule: CollectorRule) -> bool:
    """Whether the list itself goes on no further although it said that it has more pages."""
    is_short = is_left(run, rule) and run.pages < rule.max_pages
    return run.next_url is None and is_short and not run.is_shifted


def counts_otherwise(run: CollectorRun, page: ListPage) -> bool:
    """Whether a later page says that the list has another length than the first one said."""
    lengths = ((run.declared_pages, page.pages), (run.declared_items, page.total))
    return any(None not in both and both[0] != both[1] for both in lengths)


def ends_early(run: CollectorRun) -> bool:
    """An incremental run stops at what it knows."""
    return run.kind is RunKind.INCREMENTAL and run.known_pages >= OVERLAP_PAGES


def proves_absence(run: CollectorRun, rule: CollectorRule, *, unread: int) -> bool:
    """Whether what this run did not find was not there.

    Only a walk to the announced end of the list, of the design that the rule was made for, which
    stood still meanwhile, after which every listed page could be read: "could not fetch" is never
    "not published". And only once another one agrees (`agree`).
    """
    same_design = all(error["fault"] != Fault.REDESIGNED for error in run.errors)
    is_whole = run.list_complete and not wants_rereading(run) and not run.is_shifted
    is_announced = run.declared_pages is not None or not rule.is_paged
    is_whole = is_whole and rule.lists_everything
    return (run.kind is RunKind.FULL and is_whole and is_announced) and unread == 0 and same_design


def wants_rereading(run: CollectorRun) -> bool:
    """Whether pages of the list are still to be read again, now that its last one is known.

    An entry that goes away moves all that follow up by one, and the first of a page then stands on
    the page before it, which was read already. A list of one page is read at one moment.
    """
    is_at_its_end = run.kind is RunKind.FULL and run.list_complete and not run.is_shifted
    return is_at_its_end and run.reread < run.pages - 1


def list_mark(page: ListPage) -> str:
    """What a page of the list holds, in short: its entries in their order, and its page count."""
    held = ([entry.url for entry in page.entries], page.pages)
    return hashlib.sha256(json.dumps(held, ensure_ascii=False).encode()).hexdigest()[:16]


def agree(run: CollectorRun, earlier: CollectorRun, *, gone: int) -> bool:
    """Whether two whole walks saw the same portal: the later one lists as much, less what is gone.

    Otherwise one of them met only a part of it, whatever the portal said.
    """
    return run.items + gone >= earlier.items


def ensure_goes_on(run: CollectorRun) -> None:
    """Raises SourceFault where whoever walks it is stopped, again and again at the same place."""
    if run.takeovers > MOST_TAKEOVERS:
        raise SourceFault(Fault.UNREADABLE, f"its walk stopped {run.takeovers} times at one place")


def first_state(url: str, start_url: str) -> DetailState:
    """Pages on another host are listed but not fetched: only this portal was agreed on."""
    is_own = host_of(url) == host_of(start_url)
    return DetailState.PENDING if is_own else DetailState.ELSEWHERE


def entries_mark(page: ListPage) -> str:
    """Which entries a page of the list holds, in short, whatever it says of the list's length."""
    held = "\n".join(entry.url for entry in page.entries)
    return hashlib.sha256(held.encode()).hexdigest()[:16]


def repeats(run: CollectorRun, page: ListPage, walked: Collection[str]) -> bool:
    """Whether the page, noted last, holds what an earlier one did.

    Some portals answer any page number past the end with the first or the last page, and some
    caches any page with another. `walked` are the marks of the entries of earlier pages, as far as
    whoever walks now has met them.
    """
    is_met = list_mark(page) in run.list_marks[:-1] or entries_mark(page) in walked
    return bool(page.entries) and is_met


def hides_a_page(run: CollectorRun, *, is_repeat: bool) -> bool:
    """Whether a page is another one once more in a list that says how many it has: what stands on
    the page that was asked for nobody has seen. Where no length is said, that is the list's end.
    """
    return is_repeat and run.declared_pages is not None


def same_document(page: PortalPage, reading: PageReading, cues: Sequence[ItemCue]) -> bool:
    """Whether what a page says now is the document that it said before.

    A number or a text tells for sure; a code or a name only within one catalogue item, for a
    project has a document of each; else the title. What becomes an approval was none before.
    """
    facts, title = reading.facts, title_of(page, reading)
    if bool(BEFORE_APPROVAL.search(page.title)) != bool(BEFORE_APPROVAL.search(title)):
        return False
    if page.text_sha256 == reading.text_sha256:
        return True
    if page.doc_no and facts.doc_no:
        return page.doc_no == facts.doc_no
    old, new = normal_name(page.title), normal_name(title)
    if page.project_code and facts.project_code:
        items = [item_codes(cues, None, each) for each in (page.title, title)]
        is_other_item = all(items) and items[0].isdisjoint(items[1])
        return page.project_code == facts.project_code and not is_other_item
    if goes_on_otherwise(old, new) or goes_on_otherwise(new, old):
        return False
    return bool(old) and bool(new) and (old in new or new in old)


def has_moved(page: PortalPage, reading: PageReading, cues: Sequence[ItemCue]) -> bool:
    """Whether what is read at a new address is the document of that page: the same document, by its
    text, its number or its code. A title alone can be used again, by whoever needs an older day.
    """
    facts = reading.facts
    is_marked = (
        page.text_sha256 == reading.text_sha256
        or (facts.doc_no is not None and page.doc_no == facts.doc_no)
        or (facts.project_code is not None and page.project_code == facts.project_code)
    )
    return is_marked and same_document(page, reading, cues)


def has_face(page: PortalPage, reading: PageReading) -> bool:
    """Whether what a page says marks it as a document of its own: a code, a number, a name or a day
    of its decision, the tags of an article, a time of publication, or the title that the list has.
    """
    facts, name = reading.facts, normal_name(page.listed_title or "")
    given = [value for key, value in vars(facts).items() if key != "formed_label"]
    is_article = reading.meta.get("ArticleTitle") is not None or bool(reading.records)
    is_dated = reading.meta_time is not None or reading.label_time is not None
    is_listed = bool(name) and name in normal_name(reading.title)
    return any(given) or is_article or is_dated or is_listed


def may_be_emptied(page: PortalPage, reading: PageReading, cues: Sequence[ItemCue]) -> bool:
    """Whether the page of a document that was read holds no word of it now, and is another page."""
    is_known = page.content_sha256 is not None and page.text_sha256 != reading.text_sha256
    is_empty = reading.substance is Substance.NOTHING
    return is_known and is_empty and same_document(page, reading, cues)


def title_of(page: PortalPage, reading: PageReading) -> str:
    """The page's own title, else what the list calls it."""
    return (reading.title or page.listed_title or page.title)[:500]


def former_address(url: str, until: datetime) -> str:
    """The address of a document that another one has taken the place of: it leads to the page."""
    return f"{url[: MAX_ADDRESS - 40]}{UNTIL}{until:%Y%m%dT%H%M%S.%fZ}"


def missing_address(url: str, page_id: UUID) -> str:
    """An address beside the page's where there never was anything."""
    return urljoin(url, f"t19990101_{page_id.int % 10**8:08}.htm")


def is_void(page: PortalPage, portal: Portal) -> bool:
    """Whether the page was held against a mark of a day on which its portal was moved."""
    return page.cms_at is not None and today(page.cms_at) in portal.moved_on


def without_void_mark(reading: PageReading, portal: Portal) -> PageReading:
    """The reading without a mark of a day on which the portal was moved: it is the move's."""
    is_of_move = reading.mark is not None and reading.mark.on in portal.moved_on
    return replace(reading, mark=None) if is_of_move else reading


def content_hash(reading: PageReading) -> str:
    """What a page is about: not its wording, a counter of visits or a mended slip of the pen."""
    facts = reading.facts
    about = (reading.title, facts.project_code, facts.project_name, facts.doc_no)
    return hashlib.sha256(json.dumps(about, ensure_ascii=False).encode()).hexdigest()
