"""What the matcher takes back of its own: matches that do not stand, and what was seen by them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.collecting.models import UNTIL, PortalPage
from services.projects.duties import observing
from services.projects.matching import queries, sightings
from services.projects.matching.events import PublicationTakenBack
from services.projects.matching.models import MATCHER, MatchState, PageMatch, ReviewReason
from shared.messaging import outbox

Seen = set[tuple[UUID, str]]
"""Of which duty something was seen at which address."""


async def undo(
    session: AsyncSession, pages: Sequence[PortalPage], undone: Sequence[PageMatch], now: datetime
) -> Sequence[PageMatch]:
    """Drop these matches of the matcher's own and what was seen by them.

    One that a person confirmed since it was read stands, and its facts with it. A page is seen at
    its address or, once another took its place, at its former one: what other pages showed there
    counts as before, unless it means late or early now. Such a match of the matcher's own is for a
    person again. Returns all that were dropped.
    """
    if not undone:
        return []
    await auditing.take_turn(session)
    dropped = await queries.drop_matches(session, undone)
    by_id = {page.id: page for page in pages}
    seen = {
        (match.duty_id, url)
        for match in dropped
        for url in (by_id[match.page_id].url, _place(by_id[match.page_id]))
    }
    others = [
        (page, match)
        for match, page in await queries.accepted_of(session, [m.duty_id for m in dropped])
        if (match.duty_id, _place(page)) in seen
    ]
    held = await _take_back(session, seen, others, now)
    await queries.drop_matches(session, held)
    await queries.put_matches(session, [_in_review(match) for match in held])
    kept = [each for each in others if each[1] not in held]
    await _note_gone(session, kept, now)
    held_pages = [(page, match) for page, match in others if match in held]
    taken = [*((by_id[match.page_id], match) for match in dropped), *held_pages]
    counted = {(match.duty_id, _place(page)) for page, match in kept}
    await _publish(session, [p for p in taken if (p[1].duty_id, _place(p[0])) not in counted], now)
    return [*dropped, *held]


async def _publish(
    session: AsyncSession, taken: Sequence[tuple[PortalPage, PageMatch]], now: datetime
) -> None:
    """Whoever heard that it was found there hears that it does not count any more."""
    for page, proposal in await sightings.pairs_of(session, taken):
        duty = proposal.candidate
        event = PublicationTakenBack(
            duty_id=duty.duty_id,
            unit_code=duty.unit_code,
            project_code=duty.project_code or "",
            subject=duty.subject,
            item_code=duty.item_code,
            url=_place(page),
            first_seen_at=page.content_seen_at,
            taken_back_at=now,
        )
        await outbox.record(session, event, scope=duty.unit_code, subject=str(duty.duty_id))


async def _take_back(
    session: AsyncSession,
    seen: Seen,
    others: Sequence[tuple[PortalPage, PageMatch]],
    now: datetime,
) -> list[PageMatch]:
    """Take back what was seen, but for that of the others; those that mean late or early alone."""
    if not seen:
        return []
    taken = sorted(seen)
    trial = await session.begin_nested()
    again = await sightings.sightings_of(session, await sightings.pairs_of(session, others))
    await observing.take_back(session, taken, again, now, actor=MATCHER)
    blamed = await auditing.blamed(session, [match.duty_id for _, match in others], now)
    held = [m for _, m in others if m.duty_id in blamed and m.decided_by == MATCHER]
    if not held:
        await trial.commit()
        return []
    await trial.rollback()
    kept = [(page, match) for page, match in others if match not in held]
    again = await sightings.sightings_of(session, await sightings.pairs_of(session, kept))
    await observing.take_back(session, taken, again, now, actor=MATCHER)
    return held


async def _note_gone(
    session: AsyncSession, others: Sequence[tuple[PortalPage, PageMatch]], now: datetime
) -> None:
    """Of those that are gone, that they are: that they were there is recorded anew."""
    published = await queries.still_published(session, [match.duty_id for _, match in others])
    for page, match in others:
        is_asked_of = match.is_on_ones_word and match.unreadable_since is not None
        if page.gone_at is not None and match.duty_id not in published and not is_asked_of:
            await observing.record_gone(
                session, match.duty_id, page.url, page.gone_at, now, actor=MATCHER
            )


def _in_review(match: PageMatch) -> PageMatch:
    """The match for a person, because it means late or early."""
    return PageMatch(
        page_id=match.page_id,
        duty_id=match.duty_id,
        unit_code=match.unit_code,
        method=match.method,
        score=match.score,
        state=MatchState.REVIEW,
        reason=ReviewReason.MAKES_LATE,
        found_at=match.found_at,
    )


def _place(page: PortalPage) -> str:
    """The page's address, before another document took its place there."""
    return page.url.partition(UNTIL)[0]
