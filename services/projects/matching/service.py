"""Use cases of matching: find what pages publish, feed it to the duties, list what waits."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.duties import observing
from services.projects.matching import (
    proposing,
    queries,
    refusals,
    rematching,
    sightings,
    undoing,
    walks,
)
from services.projects.matching.models import (
    MATCHER,
    MatchState,
    PageMatch,
)
from services.projects.matching.registered import propose_registered
from services.projects.portals import service as portals
from services.projects.publishing import verifying
from services.projects.reading.faults import Fault
from shared.database.engine import Sessions
from shared.security.identity import Caller

PAGES_A_TURN = 20
"""Few enough that others who record facts need not wait long for their turn."""

PASSING = (Fault.TIMEOUT, Fault.UNREACHABLE, Fault.SERVER_ERROR)
"""Faults that pass by themselves: the page is asked for again before a person is."""


async def match_waiting(sessions: Sessions, now: datetime) -> int:
    """Match all pages that wait, in short transactions; returns how many."""
    matched = 0
    while True:
        async with sessions() as session, session.begin():
            done = await match_pages(session, now)
        matched += done
        if not done:
            return matched


async def note_seen_again(session: AsyncSession, now: datetime) -> int:
    """What must stay on display is noted to be there still, once its page was asked for again."""
    return await queries.want_seen_again(session)


async def match_pages(session: AsyncSession, now: datetime) -> int:
    """Match some of the pages that wait, then note which units' absences are proven.

    What must be matched again is put among the waiting first. Returns how much was done.
    """
    if renewed := await _take_up(session, now):
        return renewed
    waiting = await queries.waiting_pages(session, PAGES_A_TURN)
    pages = [page for page, _ in waiting]
    if waiting:
        page_ids = [page.id for page in pages]
        known = await queries.matches_of(session, page_ids)
        # A document that was seen and is gone was published all the same, and withdrawn.
        fresh = [each for each in waiting if each[0].gone_at is None or each[0].content_sha256]
        # Thought through before the turn to judge is taken, for which all others wait.
        proposed = await proposing.proposals(session, fresh, known)
        named = await propose_registered(session, pages, proposed.pairs, known)
        await auditing.take_turn(session)
        # Whoever decided meanwhile was first; whoever decides from now on finds another match.
        known = await queries.matches_of(session, page_ids, lock=True)
        undone = await undoing.undo(session, pages, proposed.undone, now)
        gone = {match.id for match in undone}
        standing = [match for match in known if match.id not in gone]
        await sightings.renew(session, pages, standing, now, actor=MATCHER)
        await _match_fresh(session, [*proposed.pairs, *named], standing, undone, now)
        on_ones_word = await sightings.withdraw_gone(session, pages, now, actor=MATCHER)
        await sightings.note_unreadable(session, pages, PASSING, now)
        await queries.ask_another(session, on_ones_word, now)
        await queries.settle_pages(session, pages)
        await verifying.note_seen(session, pages, now, actor=MATCHER)
    moved = await auditing.judge_unproven(
        session, await portals.unread_units(session), now, actor=MATCHER
    )
    reopened = await queries.unmarked(session)
    if reopened:
        await auditing.take_turn(session)
        await _mark_review(session, reopened, now)
    done = len(pages) + moved + len(reopened)
    done += await verifying.note_missed(session, now, actor=MATCHER)
    return done + await walks.note_walks(session, now, actor=MATCHER)


async def _take_up(session: AsyncSession, now: datetime) -> int:
    """Put among the waiting what must be matched again, of one kind at a time; how much it is."""
    renewed = await observing.judge_set_aside(session, now, actor=MATCHER)
    renewed = renewed or await rematching.take_up(session, now, actor=MATCHER)
    return renewed or await verifying.take_up(session)


async def _match_fresh(
    session: AsyncSession,
    pairs: Sequence[sightings.Pair],
    standing: Sequence[PageMatch],
    undone: Sequence[PageMatch],
    now: datetime,
) -> None:
    """Propose duties for pages that have none; what is sure and blames nobody needs no person.

    What was proposed before and nobody has looked at is proposed by what is known now; what a
    person refused, once its page says something else.
    """
    undecided = {
        (match.page_id, match.duty_id): match
        for match in standing
        if match.state is MatchState.REVIEW and match.first_by is None
    }
    decided = {
        (match.page_id, match.duty_id): match
        for match in standing
        if (match.page_id, match.duty_id) not in undecided
    }
    refused = await queries.refusals(session, [page.id for page, _ in pairs])
    proposed, rejected, reopened = refusals.sort(pairs, decided, refused)
    sure = [(page, proposal) for page, proposal in proposed if proposal.reason is None]
    held = await sightings.record_in_time(session, sure, now, actor=MATCHER)
    matches = [
        proposing.new_match(*pair, now, makes_late=sightings.pair_id(*pair) in held)
        for pair in proposed
    ] + rejected
    fresh = [m for m in matches if not proposing.is_same(undecided.get((m.page_id, m.duty_id)), m)]
    kept = {(m.page_id, m.duty_id) for m in matches} - {(m.page_id, m.duty_id) for m in fresh}
    dropped = [match for pair, match in undecided.items() if pair not in kept]
    await queries.drop_matches(session, dropped)
    await queries.put_matches(session, fresh)
    await queries.reopen(session, reopened)
    in_review = {match.duty_id for match in fresh if match.state is MatchState.REVIEW}
    await _mark_review(session, sorted(in_review | {m.duty_id for m in [*dropped, *undone]}), now)


async def _mark_review(session: AsyncSession, duty_ids: Sequence[UUID], now: datetime) -> None:
    """While a candidate waits for a person, nothing is called unpublished."""
    waiting = await queries.duties_in_review(session, duty_ids)
    settled = [duty for duty in duty_ids if duty not in waiting]
    if waiting:
        await observing.set_in_review(session, sorted(waiting), True, now, actor=MATCHER)
    if settled:
        await observing.set_in_review(session, settled, False, now, actor=MATCHER)


async def listed(
    session: AsyncSession,
    caller: Caller,
    *,
    state: MatchState,
    unit: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[queries.MatchRow]:
    """Matches in a state, oldest first, of the units that the caller may see."""
    units = None if "*" in caller.places else sorted(caller.places)
    if unit is not None:
        units = [unit] if caller.at(unit) else []
    return await queries.views(session, state=state, units=units, after=after, limit=limit)
