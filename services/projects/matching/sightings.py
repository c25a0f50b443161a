"""What a matched page means for its duty: a sighting with its claims, or a page that is gone."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.collecting.models import DetailState, PortalPage
from services.projects.duties import observing
from services.projects.duties.rules import Sighting
from services.projects.matching import claims, queries
from services.projects.matching.events import PublicationFound, PublicationWithdrawn
from services.projects.matching.models import MatchState, PageMatch
from services.projects.matching.page_sightings import CLAIMS, is_legible, is_older, sighted
from services.projects.matching.refusals import Pair as Pair
from services.projects.matching.refusals import PairId
from services.projects.matching.rules import Candidate, Proposal
from services.projects.portals import service as portals
from services.projects.publishing import verifying
from services.projects.reading.faults import Fault
from shared.messaging import outbox
from shared.messaging.outbox import Addressed


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
        project_code=duty.project_code or "",
        subject=duty.subject,
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
        project_code=duty.project_code or "",
        subject=duty.subject,
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
    judging = await _judging(session, [page for page, _ in pairs])
    register = await verifying.claims_about(session, duties, [page for page, _ in pairs])
    return [
        each
        for page, proposal in pairs
        if register.ends_clock(page)
        for each in sighted(
            page,
            proposal.candidate,
            wanted.get(proposal.candidate.duty_id, []) if page.portal_id in judging else None,
            register.of(page, proposal.candidate.duty_id),
            again=again,
        )
    ]


async def _judging(session: AsyncSession, pages: Sequence[PortalPage]) -> set[str]:
    """The portals of these pages on which an element that is not shown is missing."""
    return {
        portal_id
        for portal_id in {page.portal_id for page in pages}
        if (await portals.rule_in_force(session, portal_id)).judges_elements
    }


async def note_unreadable(
    session: AsyncSession, pages: Sequence[PortalPage], passing: Sequence[Fault], now: datetime
) -> None:
    """Put accepted matches before a person whose pages, or what is asked of them, nobody can read;
    not for a fault of a kind that passes."""
    unjudged = await _unjudged(session, pages)
    await queries.note_unreadable(session, [page.id for page in pages], unjudged, passing, now)


async def _unjudged(session: AsyncSession, pages: Sequence[PortalPage]) -> list[PageMatch]:
    """Accepted matches of pages that are there and say in words that nobody has read what their
    duties ask for: a machine finds neither all of it nor a lack."""
    mute = [page for page in pages if _is_mute(page)]
    judging = await _judging(session, mute)
    asked = [page.id for page in mute if page.portal_id in judging]
    if not asked:
        return []
    matches = await queries.matches_of(session, asked)
    accepted = [match for match in matches if match.state is MatchState.ACCEPTED]
    wanted = await queries.elements_of(session, [match.duty_id for match in accepted])
    return [match for match in accepted if wanted.get(match.duty_id)]


def _is_mute(page: PortalPage) -> bool:
    return page.gone_at is None and page.detail_state is DetailState.READ and not is_legible(page)
