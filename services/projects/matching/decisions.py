"""What people decide on matches: one at a time, by what they looked at, each in one statement.

Whether a page would make its duty late is thought through in hand before anything is written
(`duties.supposing`). The turn of those who judge is taken by the statement. What guards what was
read: the version of the match, which was looked at; that of the duty's standing, which counts its
facts and its candidates and is swapped by every decision, so that of two on two matches of one duty
the second goes by the first; that of what all verdicts go by; and of a page that is recorded that
of the page, for another document may have taken its place.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.projects.auditing import deciding
from services.projects.auditing import service as auditing
from services.projects.duties import seen as duties
from services.projects.duties import supposing
from services.projects.duties.models import Hold
from services.projects.duties.rules import Sighting, is_of_unit
from services.projects.duties.seen import SeenDuty
from services.projects.duties.supposing import Gone, Supposed
from services.projects.matching import (
    claims,
    page_sightings,
    refusals,
    seen,
    sightings,
    wording,
)
from services.projects.matching.models import MatchState, PageMatch, ReviewReason
from services.projects.matching.queries import MatchRow
from services.projects.matching.seen import SeenMatch
from services.projects.matching.workflow import WORKFLOW, MatchAction, MatchStep
from services.projects.publishing import verifying
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.database.versioned import swap
from shared.errors import FourEyes, NotFound
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions


class _Decider(NamedTuple):
    """Who decides, when."""

    caller: Caller
    now: datetime


class _Record(NamedTuple):
    """What is recorded of the page with the decision, and what is published of it."""

    supposed: Supposed
    events: Sequence[Addressed]


async def accept(
    session: DecidingSession, match_id: UUID, version: int, caller: Caller, now: datetime
) -> MatchRow:
    """Take the page for the duty's publication. Raises StateConflict, or FourEyes for the same one.

    Where that makes the duty late, early or withdrawn it is passed on to another person, whoever
    found the page.
    """
    case = await _visible(session, match_id, version, caller, as_accepted=True)
    match, page, by = case.match, case.page, _Decider(caller, now)
    is_second = _waits_for_second(match, ReviewReason.MAKES_LATE, ReviewReason.MAKES_WITHDRAWN)
    if is_second and match.first_by == caller.sub:
        raise FourEyes(wording.ANOTHER_AUDITOR)
    if is_of_unit(caller, match.unit_code):
        raise FourEyes(wording.NOT_IN_ONES_OWN_CAUSE)
    if match.unreadable_since is not None:
        return await _decide(
            session, case, await _duty(session, case, now), MatchAction.CONFIRM, by
        )
    if claims.has_new_claim(match):
        return await _take_claim(session, case, by)
    _step(match, MatchAction.ACCEPT, caller)
    found = await _duty(session, case, now)
    if not is_second and page.gone_at is not None and _is_last_page(case, found):
        return await _decide(session, case, found, MatchAction.PASS_ON_GONE, by)
    gone = None
    if page.gone_at is not None and not case.is_elsewhere:
        gone = Gone(page.url, page.gone_at)
    taken = await _taken(session, case, found, now, gone, is_confirmed=is_second)
    action = MatchAction.PASS_ON if taken is None else MatchAction.ACCEPT
    return await _decide(session, case, found, action, by, taken)


async def _take_claim(session: DecidingSession, case: SeenMatch, by: _Decider) -> MatchRow:
    """The day that the page claims now counts; where it makes the duty late or early, or lifts that
    two persons said so, once another person says so too. Raises FourEyes."""
    if case.match.first_by == by.caller.sub:
        raise FourEyes(wording.ANOTHER_AUDITOR)
    _step(case.match, MatchAction.TAKE_CLAIM, by.caller)
    found, is_second = await _duty(session, case, by.now), case.match.first_by is not None
    taken = None
    if is_second or not deciding.is_blamed(found.standing, {}, found.basis):
        taken = await _taken(session, case, found, by.now, None, is_confirmed=is_second)
    action = MatchAction.PASS_ON_CLAIM if taken is None else MatchAction.TAKE_CLAIM
    return await _decide(session, case, found, action, by, taken)


async def reject(
    session: DecidingSession, match_id: UUID, version: int, caller: Caller, now: datetime
) -> MatchRow:
    """The page does not publish the duty; the pair is not proposed again until its page says
    something else. Raises StateConflict, or FourEyes for the same one.

    Of the last candidate, after the limit, it is passed on to another person, because the duty is
    called unpublished then. One that was accepted and cannot be read any more was taken down; where
    one claims another day since, that day is not believed.
    """
    case = await _visible(session, match_id, version, caller, as_accepted=False)
    match, by = case.match, _Decider(caller, now)
    if match.unreadable_since is not None:
        return await _withdraw(session, case, by)
    if claims.has_new_claim(match):
        found = await _duty(session, case, now)
        return await _decide(session, case, found, MatchAction.KEEP_CLAIM, by)
    is_second = _waits_for_second(match, ReviewReason.MAKES_OVERDUE)
    if is_second and match.first_by == caller.sub:
        raise FourEyes(wording.ANOTHER_TO_REJECT)
    _step(match, MatchAction.REJECT, caller)
    found = await _duty(session, case, now)
    is_last = not is_second and _is_last_candidate(case, found)
    action = MatchAction.PASS_ON_REJECTED if is_last else MatchAction.REJECT
    return await _decide(session, case, found, action, by)


async def _withdraw(session: DecidingSession, case: SeenMatch, by: _Decider) -> MatchRow:
    """The page is gone; where no other publishes the duty it is passed on to another person."""
    is_second = case.match.reason is ReviewReason.MAKES_WITHDRAWN
    if is_second and case.match.first_by == by.caller.sub:
        raise FourEyes(wording.ANOTHER_TO_WITHDRAW)
    _step(case.match, MatchAction.WITHDRAW, by.caller)
    found = await _duty(session, case, by.now)
    if not is_second and _is_last_page(case, found):
        return await _decide(session, case, found, MatchAction.PASS_ON_WITHDRAWN, by)
    taken = None
    if not case.is_elsewhere:
        known = await supposing.known_facts(session, found.duty.id)
        gone = Gone(case.page.url, case.page.gone_at or by.now)
        supposed = supposing.suppose(found, known, [], gone, by.now)
        taken = _Record(supposed, [sightings.withdrawn(case.page, case.candidate, gone.at)])
    return await _decide(session, case, found, MatchAction.WITHDRAW, by, taken)


async def _visible(
    session: DecidingSession, match_id: UUID, version: int, caller: Caller, *, as_accepted: bool
) -> SeenMatch:
    case = await seen.find_match(session, match_id, as_accepted=as_accepted)
    if case is None or not caller.at(case.match.unit_code):
        raise NotFound
    versions.ensure(version, version=case.match.version, state=case.match.state)
    return case


async def _duty(session: DecidingSession, case: SeenMatch, now: datetime) -> SeenDuty:
    """The duty of the match. Raises Overtaken where it is not as it was with the match."""
    found = await duties.find_duty(session, case.match.duty_id, now)
    if found is None or found.standing.version != case.standing_version:
        raise Overtaken
    return found


async def _taken(
    session: DecidingSession,
    case: SeenMatch,
    found: SeenDuty,
    now: datetime,
    gone: Gone | None,
    *,
    is_confirmed: bool = False,
) -> _Record | None:
    """What the page is for its duty; None where that makes it late or early, which two persons have
    to say. What a page that is older than the decision publishes is not tried, because something
    before it has its name as well.
    """
    page, duty = case.page, case.candidate
    if not is_confirmed and page_sightings.is_older(page, duty):
        return None
    shown: list[Sighting] = []
    register = await verifying.claims_about(session, [duty.duty_id], [page])
    if register.ends_clock(page):
        claim = register.of(page, duty.duty_id)
        shown = page_sightings.sighted(page, duty, case.elements, claim)
    known = await supposing.known_facts(session, duty.duty_id)
    supposed = supposing.suppose(found, known, shown, None, now)
    if not is_confirmed and supposed.is_blamed:
        return None
    trust = page.trust if supposed.trust is None else supposed.trust
    events = [sightings.found(page, duty, trust)]
    if gone is not None:
        supposed = supposing.suppose(found, known, shown, gone, now)
        events.append(sightings.withdrawn(page, duty, gone.at))
    return _Record(supposed, events)


def _waits_for_second(match: PageMatch, *reasons: ReviewReason) -> bool:
    """Whether one person has decided so already, and a second one is to confirm it."""
    return match.state is MatchState.REVIEW and match.reason in reasons and bool(match.first_by)


def _is_last_page(case: SeenMatch, found: SeenDuty) -> bool:
    """Whether the duty would be called withdrawn without the page, or by it where it is gone."""
    return not found.standing.is_gone and not case.is_elsewhere


def _is_last_candidate(case: SeenMatch, found: SeenDuty) -> bool:
    """Whether the match alone keeps its duty from being called unpublished, after its limit or
    before it: nobody alone makes a duty overdue by acting a day earlier."""
    standing = found.standing
    may_be_overdue = not standing.is_seen and standing.hold != Hold.NOT_APPLICABLE
    return may_be_overdue and case.keeps_open and not case.others_keep_open


def _step(match: PageMatch, decision: MatchAction, caller: Caller) -> MatchStep:
    """The row of the table. Raises StateConflict."""
    return WORKFLOW.take(match.state, match.version, decision, caller.roles)


async def _decide(
    session: DecidingSession,
    case: SeenMatch,
    found: SeenDuty,
    action: MatchAction,
    by: _Decider,
    taken: _Record | None = None,
) -> MatchRow:
    """Write the decision, and what it makes of the duty.

    The turn to judge is taken before the row, as the matcher does; the page, which the matcher
    locks before it, is not waited for.
    """
    step = _step(case.match, action, by.caller)
    await auditing.take_turn(session)
    await deciding.hold(session, found.basis)
    if taken is not None:
        seen.hold_page(session, case.page)
    sub, now = by.caller.sub, by.now
    match = await swap(session, case.match, step.changes(case.match.reason, sub, now))
    # Whoever passes it on puts it before another person, by a reason that keeps the duty open.
    waits = match.state is MatchState.REVIEW or case.others_keep_open
    supposed = None if taken is None else taken.supposed
    await supposing.write(session, found, supposed, {"in_review": waits}, now, actor=sub)
    await outbox.record_many(session, () if taken is None else taken.events)
    if step.refuses and (refusal := refusals.refusal_of(case.page, match.duty_id, sub, now)):
        session.add(refusal)
    await audit_log.write(session, sub, step.audited, f"match:{match.id}", now, {})
    return case.row(match)
