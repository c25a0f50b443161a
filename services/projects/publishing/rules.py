"""What of a unit's own word is believed, who may take a step, and what agrees with what. Pure."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.projects.collecting.models import DetailState, PortalPage
from services.projects.duties.rules import is_of_unit
from services.projects.publishing.models import RegisteredRelease
from services.projects.publishing.schemas import PushedPublication
from services.projects.reading.facts import normal_document_no
from services.projects.reading.naming import normal_name
from shared.clock import today
from shared.errors import FourEyes, Invalid, Text
from shared.security.identity import Caller

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


class UnitClaim(NamedTuple):
    """What a unit says of a document on one address, told us at `received_at` by our own clock."""

    duty_id: UUID
    url: str
    title: str
    doc_no: str | None
    claimed_at: datetime
    received_at: datetime


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
    return hashlib.sha256(same.model_dump_json().encode()).hexdigest()


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


def believed(claims: list[UnitClaim], page: PortalPage) -> UnitClaim | None:
    """The earliest of the claims that may stand for when the page came online; None for none.

    It was made before the page was seen, and is of the page's document at the page's address. A day
    that the page itself names is not overruled: where they differ the page's own is all there is.
    """
    if not is_readable(page):
        return None
    fitting = [claim for claim in claims if _may_stand(claim, page)]
    return min(fitting, key=lambda claim: claim.received_at, default=None)


def _may_stand(claim: UnitClaim, page: PortalPage) -> bool:
    if not is_timely(claim.claimed_at, claim.received_at) or claim.url != page.url:
        return False
    if today(claim.received_at) > today(page.content_seen_at):
        return False
    if page.claimed_at is not None and today(page.claimed_at) != today(claim.received_at):
        return False
    return is_same_document(claim.title, claim.doc_no, page)
