"""Use cases of matching: find what pages publish, feed it to the duties, let people decide."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.duties import observing
from services.projects.matching import (
    claims,
    proposing,
    queries,
    rematching,
    rules,
    sightings,
    undoing,
    walks,
)
from services.projects.matching.models import (
    MATCHER,
    MatchMethod,
    MatchState,
    PageMatch,
    ReviewReason,
)
from services.projects.matching.rules import Proposal
from services.projects.matching.workflow import WORKFLOW, MatchAction, MatchStep
from services.projects.portals import service as portals
from services.projects.reading.faults import Fault
from shared.database.engine import Sessions
from shared.database.versioned import swap
from shared.errors import FourEyes, NotFound
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions

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


async def match_pages(session: AsyncSession, now: datetime) -> int:
    """Match some of the pages that wait, then note which units' absences are proven.

    What must be matched again is put among the waiting first. Returns how much was done.
    """
    renewed = await observing.judge_set_aside(session, now, actor=MATCHER)
    renewed = renewed or await rematching.take_up(session, now, actor=MATCHER)
    if renewed:
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
        await auditing.take_turn(session)
        # Whoever decided meanwhile was first; whoever decides from now on finds another match.
        known = await queries.matches_of(session, page_ids, lock=True)
        undone = await undoing.undo(session, pages, proposed.undone, now)
        gone = {match.id for match in undone}
        standing = [match for match in known if match.id not in gone]
        await sightings.renew(session, pages, standing, now, actor=MATCHER)
        await _match_fresh(session, proposed.pairs, standing, undone, now)
        await sightings.withdraw_gone(session, pages, now, actor=MATCHER)
        await queries.note_unreadable(session, page_ids, PASSING, now)
        await queries.settle_pages(session, pages)
    moved = await auditing.judge_unproven(
        session, await portals.unread_units(session), now, actor=MATCHER
    )
    reopened = await queries.unmarked(session)
    if reopened:
        await auditing.take_turn(session)
        await _mark_review(session, reopened, now)
    done = len(pages) + moved + len(reopened)
    return done + await walks.note_walks(session, now, actor=MATCHER)


async def _match_fresh(
    session: AsyncSession,
    pairs: Sequence[sightings.Pair],
    standing: Sequence[PageMatch],
    undone: Sequence[PageMatch],
    now: datetime,
) -> None:
    """Propose duties for pages that have none; what is sure and blames nobody needs no person.

    What was proposed before and nobody has looked at is proposed by what is known now.
    """
    undecided = {
        (match.page_id, match.duty_id): match
        for match in standing
        if match.state is MatchState.REVIEW and match.first_by is None
    }
    decided = {(match.page_id, match.duty_id) for match in standing} - undecided.keys()
    proposed = [
        (page, proposal)
        for page, proposal in pairs
        if (page.id, proposal.candidate.duty_id) not in decided
    ]
    sure = [(page, proposal) for page, proposal in proposed if proposal.reason is None]
    held = await sightings.record_in_time(session, sure, now, actor=MATCHER)
    matches = [
        proposing.new_match(*pair, now, makes_late=sightings.pair_id(*pair) in held)
        for pair in proposed
    ]
    fresh = [m for m in matches if not proposing.is_same(undecided.get((m.page_id, m.duty_id)), m)]
    kept = {(m.page_id, m.duty_id) for m in matches} - {(m.page_id, m.duty_id) for m in fresh}
    dropped = [match for pair, match in undecided.items() if pair not in kept]
    await queries.drop_matches(session, dropped)
    await queries.put_matches(session, fresh)
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


async def accept(
    session: AsyncSession, match_id: UUID, version: int, caller: Caller, now: datetime
) -> queries.MatchRow:
    """Take the page for the duty's publication. Raises StateConflict, or FourEyes for the same one.

    Where that makes the duty late, early or withdrawn it is passed on to another person, whoever
    found the page.
    """
    match = await _visible(session, match_id, caller)
    versions.ensure(version, version=match.version, state=match.state)
    is_second = _waits_for_second(match, ReviewReason.MAKES_LATE, ReviewReason.MAKES_WITHDRAWN)
    if is_second and match.first_by == caller.sub:
        raise FourEyes(rules.ANOTHER_AUDITOR)
    if caller.has("officer") and caller.at(match.unit_code):
        raise FourEyes(rules.NOT_IN_ONES_OWN_CAUSE)
    if match.unreadable_since is not None:
        step = _step(match, MatchAction.CONFIRM, caller)
        await auditing.take_turn(session)
        return await _decide(session, match, step, caller, now)
    if claims.has_new_claim(match):
        return await _take_claim(session, match, caller, now)
    step = _step(match, MatchAction.ACCEPT, caller)
    page = await queries.page(session, match.page_id)
    candidates = await queries.candidates(session, [match.duty_id])
    pair = [(page, Proposal(candidates[0], MatchMethod(match.method), match.score))]
    await auditing.take_turn(session)
    if is_second:
        await sightings.record(session, pair, now, actor=caller.sub)
    elif page.gone_at is not None and await queries.is_last_page(session, match):
        step = _step(match, MatchAction.PASS_ON_GONE, caller)
    elif await sightings.record_in_time(session, pair, now, actor=caller.sub):
        step = _step(match, MatchAction.PASS_ON, caller)
    row = await _decide(session, match, step, caller, now)
    await sightings.withdraw_gone(session, [page], now, actor=caller.sub)
    return row


async def _take_claim(
    session: AsyncSession, match: PageMatch, caller: Caller, now: datetime
) -> queries.MatchRow:
    """The day that the page claims now counts; where it makes the duty late or early once another
    person says so too. Raises FourEyes."""
    if match.first_by == caller.sub:
        raise FourEyes(rules.ANOTHER_AUDITOR)
    step = _step(match, MatchAction.TAKE_CLAIM, caller)
    page = await queries.page(session, match.page_id)
    pair = await sightings.pairs_of(session, [(page, match)])
    await auditing.take_turn(session)
    if match.first_by is not None:
        await sightings.record(session, pair, now, actor=caller.sub)
    elif await sightings.record_in_time(session, pair, now, actor=caller.sub):
        step = _step(match, MatchAction.PASS_ON_CLAIM, caller)
    return await _decide(session, match, step, caller, now)


async def reject(
    session: AsyncSession, match_id: UUID, version: int, caller: Caller, now: datetime
) -> queries.MatchRow:
    """The page does not publish the duty; the pair is not proposed again. Raises StateConflict, or
    FourEyes for the same one.

    Of the last candidate, after the limit, it is passed on to another person, because the duty is
    called unpublished then. One that was accepted and cannot be read any more was taken down; where
    one claims another day since, that day is not believed.
    """
    match = await _visible(session, match_id, caller)
    versions.ensure(version, version=match.version, state=match.state)
    if match.unreadable_since is not None:
        return await _withdraw(session, match, caller, now)
    if claims.has_new_claim(match):
        step = _step(match, MatchAction.KEEP_CLAIM, caller)
        await auditing.take_turn(session)
        return await _decide(session, match, step, caller, now)
    is_second = _waits_for_second(match, ReviewReason.MAKES_OVERDUE)
    if is_second and match.first_by == caller.sub:
        raise FourEyes(rules.ANOTHER_TO_REJECT)
    step = _step(match, MatchAction.REJECT, caller)
    await auditing.take_turn(session)
    if not is_second and await queries.is_last_candidate(session, match):
        step = _step(match, MatchAction.PASS_ON_REJECTED, caller)
    return await _decide(session, match, step, caller, now)


async def _withdraw(
    session: AsyncSession, match: PageMatch, caller: Caller, now: datetime
) -> queries.MatchRow:
    """The page is gone; where no other publishes the duty it is passed on to another person."""
    is_second = match.reason is ReviewReason.MAKES_WITHDRAWN
    if is_second and match.first_by == caller.sub:
        raise FourEyes(rules.ANOTHER_TO_WITHDRAW)
    step = _step(match, MatchAction.WITHDRAW, caller)
    await auditing.take_turn(session)
    if not is_second and await queries.is_last_page(session, match):
        step = _step(match, MatchAction.PASS_ON_WITHDRAWN, caller)
    row = await _decide(session, match, step, caller, now)
    if step.is_final:
        page = await queries.page(session, match.page_id)
        await sightings.withdraw(session, page, match.duty_id, now, actor=caller.sub)
    return row


async def _visible(session: AsyncSession, match_id: UUID, caller: Caller) -> PageMatch:
    match = await queries.match(session, match_id)
    if match is None or not caller.at(match.unit_code):
        raise NotFound
    return match


def _waits_for_second(match: PageMatch, *reasons: ReviewReason) -> bool:
    """Whether one person has decided so already, and a second one is to confirm it."""
    return match.state is MatchState.REVIEW and match.reason in reasons and bool(match.first_by)


def _step(match: PageMatch, decision: MatchAction, caller: Caller) -> MatchStep:
    """The row of the table. Raises StateConflict."""
    return WORKFLOW.take(match.state, match.version, decision, caller.roles)


async def _decide(
    session: AsyncSession, match: PageMatch, step: MatchStep, caller: Caller, now: datetime
) -> queries.MatchRow:
    """Write the decision. The turn to judge is taken before the row, as the matcher does."""
    await swap(session, match, step.changes(caller.sub, now))
    await _mark_review(session, [match.duty_id], now)
    await audit_log.write(session, caller.sub, step.audited, f"match:{match.id}", now, {})
    return await queries.view(session, match.id)
