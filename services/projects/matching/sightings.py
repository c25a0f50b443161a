"""What a matched page means for its duty: a sighting with its claims, or a page that is gone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.collecting.models import DetailState, PortalPage
from services.projects.duties import observing
from services.projects.duties.models import ClaimKind
from services.projects.duties.rules import Sighting
from services.projects.matching import claims, queries
from services.projects.matching.events import PublicationFound, PublicationWithdrawn
from services.projects.matching.models import MatchState, PageMatch
from services.projects.matching.refusals import Pair as Pair
from services.projects.matching.refusals import PairId
from services.projects.matching.rules import Candidate, Proposal, missing_elements
from services.projects.portals import service as portals
from services.projects.publishing import verifying
from services.projects.publishing.rules import UnitClaim
from services.projects.reading.claims import Flag
from services.projects.reading.dates import Provenance
from shared.clock import today
from shared.messaging import outbox
from shared.messaging.outbox import Addressed

LONG_AGO = timedelta(minutes=1)

CLAIMS = {
    Provenance.META: ClaimKind.META,
    Provenance.LABEL: ClaimKind.LABEL,
    Provenance.LIST: ClaimKind.LIST,
}
"""Last-Modified is no claim: it goes along as `header_at`."""


def pair_id(page: PortalPage, proposal: Proposal) -> PairId:
    return page.id, proposal.candidate.duty_id


async def record_in_time(
    session: AsyncSession, pairs: Sequence[Pair], now: datetime, *, actor: str
) -> set[PairId]:
    """Feed those pages to their duties that do not make them late or early; the pairs that would.

    Recorded and judged for real, and taken back where something was late or early: so the rule of
    both stands in one place, the audit. What a page that is older than the decision publishes is
    not tried, because something before it has its name as well.
    """
    fitting = [pair for pair in pairs if not is_older(pair[0], pair[1].candidate)]
    blamed = await _record_unless_blamed(session, fitting, now, actor)
    alone = [pair for pair in fitting if pair[1].candidate.duty_id in blamed]
    if blamed:
        others = [pair for pair in fitting if pair[1].candidate.duty_id not in blamed]
        await record(session, others, now, actor=actor)
    # Of several pages of one duty one may be in time, whichever of them is matched first.
    held = [pair for pair in pairs if is_older(pair[0], pair[1].candidate)]
    for pair in alone:
        if len(fitting) == 1 or await _record_unless_blamed(session, [pair], now, actor):
            held.append(pair)
    return {pair_id(*pair) for pair in held}


async def _record_unless_blamed(
    session: AsyncSession, pairs: Sequence[Pair], now: datetime, actor: str
) -> set[UUID]:
    """Record all of them, or none where it makes duties late or early: those duties."""
    if not pairs:
        return set()
    trial = await session.begin_nested()
    await record(session, pairs, now, actor=actor)
    blamed = await auditing.blamed(session, [pair[1].candidate.duty_id for pair in pairs], now)
    await (trial.rollback() if blamed else trial.commit())
    return blamed


def is_older(page: PortalPage, duty: Candidate) -> bool:
    """Whether the page claims a day before the decision that it would publish."""
    if _claim_kind(page, duty) is ClaimKind.NONE or page.claimed_at is None:
        return False
    return duty.formed_on is not None and today(page.claimed_at) < duty.formed_on


async def record(
    session: AsyncSession, pairs: Sequence[Pair], now: datetime, *, actor: str
) -> None:
    """Feed accepted pages to their duties and publish that they were found."""
    if not pairs:
        return
    sightings = await sightings_of(session, pairs)
    trust = await observing.record_sightings(session, sightings, now, actor=actor)
    events = [
        found(page, duty, trust.get(duty.duty_id, page.trust))
        for page, duty in ((page, proposal.candidate) for page, proposal in pairs)
    ]
    await outbox.record_many(session, events)


def found(page: PortalPage, duty: Candidate, trust: int) -> Addressed:
    """What is published of a page that publishes a duty."""
    event = PublicationFound(
        duty_id=duty.duty_id,
        unit_code=duty.unit_code,
        project_code=duty.project_code,
        item_code=duty.item_code,
        url=page.url,
        claimed_at=page.claimed_at if page.claimed_from in CLAIMS else None,
        first_seen_at=page.content_seen_at,
        trust=trust,
    )
    return Addressed(event, duty.unit_code, str(duty.duty_id))


def withdrawn(page: PortalPage, duty: Candidate, gone_at: datetime) -> Addressed:
    """What is published of a page that publishes a duty no more."""
    event = PublicationWithdrawn(
        duty_id=duty.duty_id,
        unit_code=duty.unit_code,
        project_code=duty.project_code,
        item_code=duty.item_code,
        url=page.url,
        first_seen_at=page.content_seen_at,
        withdrawn_at=gone_at,
    )
    return Addressed(event, duty.unit_code, str(duty.duty_id))


async def renew(
    session: AsyncSession,
    pages: Sequence[PortalPage],
    known: Sequence[PageMatch],
    now: datetime,
    *,
    actor: str,
) -> None:
    """Pass on what changed on pages accepted before that are there: a new claim, other elements.

    What a row of a page publishes now is not seen on the page itself any more. Of a new day of
    publication, see `claims`.
    """
    accepted = [match for match in known if match.state is MatchState.ACCEPTED]
    in_rows = await queries.in_rows(session, [match.id for match in accepted])
    accepted = [match for match in accepted if match.id not in in_rows]
    by_page = {page.id: page for page in pages}
    pairs = await pairs_of(session, [(by_page[match.page_id], match) for match in accepted])
    # What cannot be read was not seen; a person says whether it is there.
    unseen = (DetailState.UNREADABLE, DetailState.GONE)
    elsewhere = await verifying.coverage_only(session, pages)
    there = [
        (page, proposal)
        for page, proposal in pairs
        if page.gone_at is None
        and page.detail_state not in unseen
        and page.portal_id not in elsewhere
    ]
    of_pair = {(match.page_id, match.duty_id): match for match in accepted}
    fresh = await sightings_of(session, there, again=True)
    seen = [
        claims.Seen(of_pair[pair_id(*pair)], pair[0], each)
        for pair, each in zip(there, fresh, strict=True)
    ]
    await claims.record_seen(session, seen, now, actor=actor)


async def pairs_of(
    session: AsyncSession, matched: Sequence[tuple[PortalPage, PageMatch]]
) -> list[Pair]:
    """Pages with the duties for which they are matched."""
    found = await queries.candidates(session, [match.duty_id for _, match in matched])
    by_duty = {duty.duty_id: duty for duty in found}
    return [
        (page, Proposal(by_duty[match.duty_id], match.method, match.score))
        for page, match in matched
    ]


async def withdraw_gone(
    session: AsyncSession, pages: Sequence[PortalPage], now: datetime, *, actor: str
) -> list[PageMatch]:
    """Those of the pages that are gone publish their duties no more, unless another page does.

    So a document that has moved is not withdrawn: it stands at another address. Gives the matches
    that one person alone accepted, whose pages a second one is asked about.
    """
    elsewhere = await verifying.coverage_only(session, pages)
    gone = {p.id: p for p in pages if p.gone_at is not None and p.portal_id not in elsewhere}
    matches = await queries.matches_of(session, [*gone])
    accepted = [match for match in matches if match.state is MatchState.ACCEPTED]
    duty_ids = [match.duty_id for match in accepted]
    published = await queries.still_published(session, duty_ids)
    if published:
        await observing.note_fewer_pages(session, sorted(published))
    by_duty = {duty.duty_id: duty for duty in await queries.candidates(session, duty_ids)}
    last = [match for match in accepted if match.duty_id not in published]
    for match in last:
        page = gone[match.page_id]
        if page.gone_at is not None and not match.is_on_ones_word:
            duty, at = by_duty[match.duty_id], page.gone_at
            await observing.record_gone(session, duty.duty_id, page.url, at, now, actor=actor)
            await outbox.record_many(session, [withdrawn(page, duty, at)])
    return [match for match in last if match.is_on_ones_word]


async def sightings_of(
    session: AsyncSession, pairs: Sequence[Pair], *, again: bool = False
) -> list[Sighting]:
    duties = [pair[1].candidate.duty_id for pair in pairs]
    wanted = await queries.elements_of(session, duties)
    judged = {
        portal_id: (await portals.rule_in_force(session, portal_id)).judges_elements
        for portal_id in {page.portal_id for page, _ in pairs}
    }
    register = await verifying.claims_about(session, duties, [page for page, _ in pairs])
    return [
        each
        for page, proposal in pairs
        if register.ends_clock(page)
        for each in sighted(
            page,
            proposal.candidate,
            wanted.get(proposal.candidate.duty_id, []) if judged[page.portal_id] else [],
            register.of(page, proposal.candidate.duty_id),
            again=again,
        )
    ]


def sighted(
    page: PortalPage,
    duty: Candidate,
    elements: Sequence[str],
    claim: UnitClaim | None,
    *,
    again: bool = False,
) -> list[Sighting]:
    """How the page was seen to publish the duty, which asks for these elements; `claim`: what the
    unit's register says of when the page came online."""
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
    page: PortalPage, duty: Candidate, elements: Sequence[str], observed_at: datetime
) -> Sighting:
    claim = _claim_kind(page, duty)
    is_read = page.detail_state is DetailState.READ and Flag.NO_WORDS not in page.flags
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
        missing_elements=missing_elements(elements if is_read else (), page.labels),
        evidence_id=page.evidence_id,
    )


def _claim_kind(page: PortalPage, duty: Candidate) -> ClaimKind:
    """Whose claim it is; none of a row whose page says a day before the row's decision: the row
    was put in later, and when the page came says nothing about it.
    """
    claimed_on = today(page.claimed_at) if page.claimed_at is not None else None
    is_row = page.parent_id is not None
    if is_row and claimed_on is not None and duty.formed_on and claimed_on < duty.formed_on:
        return ClaimKind.NONE
    return CLAIMS.get(page.claimed_from, ClaimKind.NONE) if page.claimed_from else ClaimKind.NONE
