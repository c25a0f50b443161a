"""How a page shows that it publishes a duty: as sightings, with what the page claims. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.projects.collecting.models import DetailState, PortalPage
from services.projects.duties.models import ClaimKind
from services.projects.duties.rules import Sighting
from services.projects.matching.rules import Candidate, missing_elements
from services.projects.publishing.rules import UnitClaim
from services.projects.reading.claims import Flag
from services.projects.reading.dates import Provenance
from shared.clock import today

LONG_AGO = timedelta(minutes=1)

CLAIMS = {
    Provenance.META: ClaimKind.META,
    Provenance.LABEL: ClaimKind.LABEL,
    Provenance.LIST: ClaimKind.LIST,
}
"""Last-Modified is no claim: it goes along as `header_at`."""


def is_older(page: PortalPage, duty: Candidate) -> bool:
    """Whether the page claims a day before the decision that it would publish."""
    if _claim_kind(page, duty) is ClaimKind.NONE or page.claimed_at is None:
        return False
    return duty.formed_on is not None and today(page.claimed_at) < duty.formed_on


def sighted(
    page: PortalPage,
    duty: Candidate,
    elements: Sequence[str] | None,
    claim: UnitClaim | None,
    *,
    again: bool = False,
) -> list[Sighting]:
    """How the page was seen to publish the duty, which asks for these elements (None: pages of its
    portal do not show which they have); `claim`: what the unit's register says of when the page
    came online."""
    seen = [_sighting(page, duty, elements, at) for at in _observed(page, again=again)]
    return seen if claim is None else [_as_claimed(each, claim) for each in seen]


def _as_claimed(sighting: Sighting, claim: UnitClaim) -> Sighting:
    """The same, with when we were told: trusted most where the page itself claims that day."""
    own = sighting.claim_kind in (ClaimKind.META, ClaimKind.LABEL)
    return replace(
        sighting,
        claim_kind=ClaimKind.PUSH,
        claimed_at=claim.received_at,
        received_at=claim.received_at,
        claims_agree=own,
    )


def _observed(page: PortalPage, *, again: bool) -> list[datetime]:
    """When the document was seen: first, and where that was long ago, last as well."""
    last = page.checked_at or page.content_seen_at
    if again:
        return [last]
    is_old = page.gone_at is None and last - page.content_seen_at > LONG_AGO
    return [page.content_seen_at, last] if is_old else [page.content_seen_at]


def _sighting(
    page: PortalPage, duty: Candidate, elements: Sequence[str] | None, observed_at: datetime
) -> Sighting:
    claim = _claim_kind(page, duty)
    asks_none = elements is not None and not elements
    is_judged = asks_none or is_legible(page)
    return Sighting(
        duty_id=duty.duty_id,
        url=page.url,
        observed_at=observed_at,
        last_absent_at=page.content_absent_at,
        claim_kind=claim,
        claimed_at=page.claimed_at if claim is not ClaimKind.NONE else None,
        claims_agree=page.claims_agree,
        cms_at=page.cms_at,
        header_at=page.header_at,
        contradicted=Flag.META_AND_LABEL_DIFFER in page.flags,
        missing_elements=missing_elements(elements or (), page.labels) if is_judged else (),
        elements_judged=is_judged,
        evidence_id=page.evidence_id,
    )


def is_legible(page: PortalPage) -> bool:
    """Whether a machine has read all that the page says."""
    return page.detail_state is DetailState.READ and Flag.NO_WORDS not in page.flags


def _claim_kind(page: PortalPage, duty: Candidate) -> ClaimKind:
    """Whose claim it is; none of a row whose page says a day before the row's decision: the row
    was put in later, and when the page came says nothing about it.
    """
    claimed_on = today(page.claimed_at) if page.claimed_at is not None else None
    is_row = page.parent_id is not None
    if is_row and claimed_on is not None and duty.formed_on and claimed_on < duty.formed_on:
        return ClaimKind.NONE
    return CLAIMS.get(page.claimed_from, ClaimKind.NONE) if page.claimed_from else ClaimKind.NONE
