"""When to read a portal, when a walk is at its end, and what it proves. Pure."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from services.projects.collecting.models import (
    CollectorRun,
    DetailState,
    RunKind,
)
from services.projects.portals.models import Portal, PortalHealth
from services.projects.reading.details import PageReading
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.lists import ListPage
from services.projects.reading.rule import CollectorRule
from shared.errors import Conflict, Text

FULL_WALK_EVERY = timedelta(hours=24)
RECHECK_AFTER = timedelta(hours=20)
RECHECKS_A_RUN = 200
OVERLAP_PAGES = 2
"""An incremental run ends after the page that holds nothing new and one page more."""
FAULTS_IN_A_ROW = 5
ERRORS_KEPT = 20

PORTAL_WIDE = frozenset({Fault.TIMEOUT, Fault.UNREACHABLE, Fault.SERVER_ERROR, Fault.BLOCKED})


class NoRule(Conflict):
    type = "/problems/no-collector-rule"
    title = Text("该栏目还没有采集规则", "This portal has no collector rule yet")
    advice = Text("请先为该栏目设置采集规则", "Please set a rule for the portal first")


def kind_due(portal: Portal, now: datetime) -> RunKind:
    """A full walk once a day and after every failure, else only what is new."""
    fresh = portal.walked_at is not None and portal.walked_at > now - FULL_WALK_EVERY
    return RunKind.INCREMENTAL if fresh and portal.health is PortalHealth.UP else RunKind.FULL


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
    if not page.entries:
        return SourceFault(Fault.REDESIGNED, "the list has no entries")
    if number > 1 and layout is not None and page.layout != layout:
        return SourceFault(Fault.REDESIGNED, "this is not a page of the list")
    return None


def is_left(run: CollectorRun, rule: CollectorRule) -> bool:
    """Whether the list is left before its end, for the rule reads no more pages or there are none
    although the list said so.
    """
    return run.pages >= rule.max_pages or run.pages < (run.declared_pages or 0)


def ends_too_soon(run: CollectorRun, rule: CollectorRule) -> bool:
    """Whether the list itself goes on no further although it said that it has more pages."""
    return run.next_url is None and is_left(run, rule) and run.pages < rule.max_pages


def ends_early(run: CollectorRun) -> bool:
    """An incremental run stops at what it knows."""
    return run.kind is RunKind.INCREMENTAL and run.known_pages >= OVERLAP_PAGES


def proves_absence(run: CollectorRun, *, unread: int) -> bool:
    """Whether what this run did not find was not there.

    Only a walk to the end of the list, of the design that the rule was made for, after which every
    listed page could be read: "could not fetch" is never "not published".
    """
    same_design = all(error["fault"] != Fault.REDESIGNED for error in run.errors)
    return run.kind is RunKind.FULL and run.list_complete and unread == 0 and same_design


def first_state(url: str, start_url: str) -> DetailState:
    """Pages on another host are listed but not fetched: only this portal was agreed on."""
    own = urlsplit(url).hostname == urlsplit(start_url).hostname
    return DetailState.PENDING if own else DetailState.ELSEWHERE


def repeats(page: Sequence[str], earlier: Sequence[Sequence[str]]) -> bool:
    """Some portals answer any page number past the end with the first or the last page."""
    return bool(page) and list(page) in [list(urls) for urls in earlier]


def content_hash(reading: PageReading) -> str:
    """What a page is about: not its wording, a counter of visits or a mended slip of the pen."""
    facts = reading.facts
    about = (reading.title, facts.project_code, facts.project_name, facts.doc_no)
    return hashlib.sha256(json.dumps(about, ensure_ascii=False).encode()).hexdigest()
