"""What of a unit's own word is believed, who may take a step, and what agrees with what. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.projects.collecting.models import DetailState, PortalPage
from services.projects.duties.rules import is_of_unit
from services.projects.publishing.models import RegisteredRelease, ReleasePlace
from services.projects.publishing.schemas import PlaceInput, PushedPublication
from services.projects.reading.dates import Provenance
from services.projects.reading.facts import normal_document_no
from services.projects.reading.naming import normal_name
from shared.clock import today
from shared.errors import FourEyes, Invalid, Text
from shared.security.identity import Caller
from shared.workdays import CalendarUnknown, Workdays

ON_THE_WAY = timedelta(hours=1)
"""So long a report may take: one that left before midnight is of our day then."""
CLOCKS_APART = timedelta(minutes=5)
LEAST_TITLE = 6
"""Of a shorter title it says nothing that a page's title holds it."""

_AHEAD = Text(
    "发布时间在将来，请在发布以后再报送",
    "It claims a time that is still to come; please report it once it is out",
)
_AUTHOR = Text(
    "起草、修改或送审的人不能审查和批准，请由另一位审核人办理",
    "Who wrote, changed or submitted it neither checks nor approves; please let another reviewer",
)
_CHECKER = Text(
    "作保密审查的人不能批准发布，请由另一位审核人批准",
    "Who made the confidentiality check does not approve; please let another reviewer",
)
_OWN_UNIT = Text(
    "本单位的人员不能核实本单位的发布，请由其他监察人员核实",
    "Nobody verifies what their own unit published; please let another auditor",
)


_WHICH = Text(
    "登记在不止一处，请写明在哪里看到了",
    "It is registered at several places; please say at which of them you found it",
)
_NOT_THERE = Text(
    "所写的载体或网址不在登记的各处之中，请照登记的填写",
    "That is none of the places where it is registered; please name one as it is registered",
)
_OWN_CLAIMS = (Provenance.META, Provenance.LABEL)


class UnitClaim(NamedTuple):
    """What a unit says of a document on one address, told us at `received_at` by our own clock."""

    duty_id: UUID
    url: str
    title: str
    doc_no: str | None
    claimed_at: datetime
    received_at: datetime
    is_attested: bool
    """Whether it was checked, approved and numbered here, or signed by the system that pushed it;
    else it is a line that one account typed."""


def is_timely(claimed_at: datetime, received_at: datetime) -> bool:
    """Whether the time that is claimed is that of the day on which we were told.

    An earlier one may be true, but rests on nothing: the unit could say so at any time.
    """
    if received_at - claimed_at <= ON_THE_WAY:
        return True
    return today(claimed_at) >= today(received_at)


def ensure_not_ahead(claimed_at: datetime, received_at: datetime) -> None:
    """Raises Invalid: what is not out yet is not published."""
    if claimed_at - received_at > CLOCKS_APART:
        raise Invalid(_AHEAD, pointer="/body/published_at")


def push_digest(pushed: PushedPublication) -> str:
    """The SHA-256 of what was pushed: the same push again is the same."""
    moment = pushed.published_at.astimezone(UTC)
    same = pushed.model_copy(update={"published_at": moment})
    unsaid = {"subject"} if pushed.subject is None else set()  # as before there was one
    return hashlib.sha256(same.model_dump_json(exclude=unsaid).encode()).hexdigest()


def ensure_another(
    release: RegisteredRelease,
    caller: Caller,
    *,
    not_by_author: bool,
    not_by_checker: bool,
    not_by_unit: bool,
) -> None:
    """Raises FourEyes where the step is for somebody else than the caller."""
    if not_by_author and caller.sub in release.authors:
        raise FourEyes(_AUTHOR)
    if not_by_checker and caller.sub == release.checked_by:
        raise FourEyes(_CHECKER)
    is_theirs = is_of_unit(caller, release.unit_code)
    if not_by_unit and (caller.sub in release.authors or is_theirs):
        raise FourEyes(_OWN_UNIT)


def looked_at(places: Sequence[ReleasePlace], named: Sequence[PlaceInput] | None) -> set[UUID]:
    """Which of the places a person has looked at. Raises Invalid where one that is named is not
    registered, and where none is named though there are several."""
    if named is None:
        if len(places) > 1:
            raise Invalid(_WHICH, pointer="/body/places")
        return {place.id for place in places}
    known = {(place.carrier_code, place.url): place.id for place in places}
    wanted = [known.get((place.carrier_code, place.url)) for place in named]
    found = {place_id for place_id in wanted if place_id is not None}
    if len(found) < len({(place.carrier_code, place.url) for place in named}):
        raise Invalid(_NOT_THERE, pointer="/body/places")
    return found


def register_no(unit_code: str, year: int, seq: int) -> str:
    """The registration number (登记备案号): unit, year, running number of both."""
    return f"{unit_code}-{year}-{seq:05d}"


def is_readable(page: PortalPage) -> bool:
    """Whether what the page says was read, and it is there."""
    return page.gone_at is None and page.detail_state is DetailState.READ


def is_same_document(title: str, doc_no: str | None, page: PortalPage) -> bool:
    """Whether the page shows the document of that title and number, as far as both name them."""
    if doc_no is not None and page.doc_no is not None:
        return normal_document_no(doc_no) == normal_document_no(page.doc_no)
    wanted = normal_name(title)
    shown = [normal_name(each) for each in (page.title, page.listed_title) if each]
    if wanted in shown:
        return True
    return len(wanted) >= LEAST_TITLE and any(wanted in each for each in shown)


def believed(claims: list[UnitClaim], page: PortalPage, calendar: Workdays) -> UnitClaim | None:
    """The earliest of the claims that may stand for when the page came online; None for none.

    It was made before the page was seen, and at most a working day before: an address may be
    registered at which nothing stands yet, and what is found there long after shows nothing of the
    day. It is of the page's document at the page's address. A day that the page itself names is not
    overruled: where they differ the page's own is all there is, and so it is beside what nobody
    attested, which adds nothing to it.
    """
    if not is_readable(page):
        return None
    fitting = [claim for claim in claims if _may_stand(claim, page, calendar)]
    return min(fitting, key=lambda claim: claim.received_at, default=None)


def _may_stand(claim: UnitClaim, page: PortalPage, calendar: Workdays) -> bool:
    if not is_timely(claim.claimed_at, claim.received_at) or claim.url != page.url:
        return False
    if not _is_seen_soon(claim.received_at, page.content_seen_at, calendar):
        return False
    if page.claimed_from in _OWN_CLAIMS and not claim.is_attested:
        return False
    if page.claimed_at is not None and today(page.claimed_at) != today(claim.received_at):
        return False
    return is_same_document(claim.title, claim.doc_no, page)


def _is_seen_soon(received_at: datetime, seen_at: datetime, calendar: Workdays) -> bool:
    """Whether we saw it on the day on which we were told, or by the end of the next working day."""
    received_on, seen_on = today(received_at), today(seen_at)
    if seen_on <= received_on:
        return seen_on == received_on
    try:
        return calendar.ord_end(seen_on) - calendar.ord_end(received_on) <= 1
    except CalendarUnknown:
        return False
