"""How a bad rating is put right: by its department, and judged by someone else."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import PolicyKind, SubjectKind
from services.feedback.deadlines.service import ClockSet
from services.feedback.ratings import queries, rules, workflow
from services.feedback.ratings.events import (
    RatingExcluded,
    RatingRectified,
    ReturnVisitRequested,
)
from services.feedback.ratings.models import (
    AppealReason,
    Rating,
    RatingAction,
    RatingState,
    RatingStep,
    Revisit,
    RevisitOutcome,
)
from services.feedback.ratings.queries import HandledRating
from services.feedback.ratings.rules import RevisitedToday
from services.feedback.ratings.service import subject_of
from services.feedback.ratings.workflow import FollowUp, RatingMove
from services.feedback.supervision import service as supervision
from services.feedback.supervision.models import Cause
from shared.clock import today
from shared.database import versioned
from shared.database.deciding import DecidingSession
from shared.errors import NotFound
from shared.messaging import outbox
from shared.messaging.events import Event
from shared.security.identity import Caller
from shared.web import versions
from shared.web.steps import StepTaker

STEP_TEXT, STEP_PLAN = "rating_step.said", "rating_step.plan"
SUPERVISED_AT_LEVEL = 2


@dataclass(frozen=True)
class StepInput:
    """What comes with an action."""

    text: str | None = None
    plan: str | None = None
    is_complex: bool = False
    reason: AppealReason | None = None
    outcome: RevisitOutcome | None = None


class RatingAfter(NamedTuple):
    """A rating after a step, and its limits: both in hand, for what is not yet written is not yet
    read.
    """

    rating: Rating
    clocks: ClockSet


def may_see(caller: Caller, rating: Rating) -> bool:
    """An officer sees the ratings of the own departments, a manager those of the own hall."""
    if caller.has("hall_manager") and caller.at(rating.hall_code):
        return True
    return caller.has(*workflow.READERS) and caller.at(rating.department_code)


async def act(
    session: DecidingSession,
    rating_id: UUID,
    action: RatingAction,
    fields: StepInput,
    doing: StepTaker,
) -> RatingAfter:
    """The rating after a step of its table.

    Who names no version wants the rating as it is after whatever is just being done about it. The
    steps and visits that were counted go with its version. Raises NotFound, StateConflict,
    Forbidden, SamePerson or RevisitedToday.
    """
    found = await queries.handled(session, rating_id, workflow.DEPARTMENT_ACTIONS)
    if found is None or not may_see(doing.caller, found.rating):
        raise NotFound(rules.NO_RATING)
    rating, round_ = found.rating, found.rating.round
    if doing.expected is None:
        session.statement.wait_for(rating)
    versions.ensure(doing.expected, version=rating.version, state=rating.state)
    move = workflow.move_of(rating, action, doing.caller, found.involved)
    clocks = await deadlines.to_change(
        session, SubjectKind.RATING, [rating.id], by=doing.caller.sub, now=doing.now
    )
    _run_clocks(rating, move, clocks)
    changes = await _follow_up(session, found, move, fields, clocks, doing)
    rating = await versioned.swap(session, rating, changes)
    if rating.state in workflow.WORKFLOW.ends:
        clocks.cancel()
    await deadlines.save(session, clocks)
    if move.then is FollowUp.ASK_FOR_REVISIT:
        await _ask_for_revisit(session, rating, clocks)
    if move.then is FollowUp.UNCOUNTED:
        await _publish(session, rating, RatingExcluded(**_about(rating), at=doing.now))
    session.add(_step(rating, action, round_, fields, doing))
    return RatingAfter(rating, clocks)


def _run_clocks(rating: Rating, move: RatingMove, clocks: ClockSet) -> None:
    if move.meets:
        clocks.meet(*move.meets)
    if move.pauses:
        clocks.pause(*move.pauses)
    if move.resumes:
        clocks.resume(*move.resumes)
    if move.starts is not None:
        _start(rating, move.starts, clocks)


def _start(rating: Rating, kind: PolicyKind, clocks: ClockSet) -> None:
    clocks.start(subject_of(rating), [kind], rating.department_code)


async def _follow_up(
    session: DecidingSession,
    found: HandledRating,
    move: RatingMove,
    fields: StepInput,
    clocks: ClockSet,
    doing: StepTaker,
) -> dict[str, Any]:
    """What the move changes of the rating, with what else it brings about."""
    if move.then is FollowUp.REVISIT and fields.outcome is not None:
        return await _revisit(session, found, fields.outcome, clocks, doing)
    changes: dict[str, Any] = {"state": move.to or found.rating.state}
    if move.then is FollowUp.LONGER_LIMIT and fields.is_complex:
        _allow_longer(found.rating, clocks)
        changes["is_complex"] = True
    return changes


def _allow_longer(rating: Rating, clocks: ClockSet) -> None:
    """A complex matter with a plan has its own, longer limit."""
    clocks.cancel(PolicyKind.RATING_RECTIFY)
    _start(rating, PolicyKind.RATING_RECTIFY_COMPLEX, clocks)


async def _ask_for_revisit(session: DecidingSession, rating: Rating, clocks: ClockSet) -> None:
    """Publish that the department is done, and that someone else should ask the citizen."""
    about = {**_about(rating), "round": rating.round}
    due_on = max(c.due_on for c in clocks.clocks if c.kind is PolicyKind.RATING_REVISIT)
    await _publish(session, rating, RatingRectified(**about, at=clocks.now))
    await _publish(session, rating, ReturnVisitRequested(**about, due_on=due_on))


def _about(rating: Rating) -> dict[str, Any]:
    return {
        "rating_id": rating.id,
        "case_id": rating.case_id,
        "hall_code": rating.hall_code,
        "department_code": rating.department_code,
        "followup_id": rating.followup_id,
    }


async def _publish(session: DecidingSession, rating: Rating, event: Event) -> None:
    await outbox.record(session, event, scope=rating.department_code, subject=str(rating.id))


async def _revisit(
    session: DecidingSession,
    found: HandledRating,
    outcome: RevisitOutcome,
    clocks: ClockSet,
    doing: StepTaker,
) -> dict[str, Any]:
    """What the visit makes of the rating."""
    rating, day, attempt = found.rating, today(doing.now), len(found.visited_on) + 1
    if day in found.visited_on:
        raise RevisitedToday
    session.add(
        Revisit(
            rating_id=rating.id,
            round=rating.round,
            attempt=attempt,
            on=day,
            outcome=outcome,
            by=doing.caller.sub,
            at=doing.now,
        )
    )
    state = workflow.after_revisit(outcome, round_=rating.round, attempt=attempt)
    changes: dict[str, Any] = {"state": state}
    if state is not RatingState.FEEDBACK_GIVEN:
        clocks.meet(PolicyKind.RATING_REVISIT)
    if state is RatingState.RECTIFYING:
        changes["round"] = rating.round + 1
        _start(rating, PolicyKind.RATING_RECTIFY, clocks)
    if state is RatingState.UNDER_SUPERVISION:
        changes["supervision_order_id"] = await _hand_to_supervision(session, rating, doing)
    return changes


async def _hand_to_supervision(session: DecidingSession, rating: Rating, doing: StepTaker) -> UUID:
    order, _ = await supervision.issue(
        session,
        Cause.RATING,
        rating.department_code,
        level=SUPERVISED_AT_LEVEL,
        by=doing.caller.sub,
        now=doing.now,
        cause_id=rating.id,
    )
    return order.id


def _step(
    rating: Rating, action: RatingAction, round_: int, fields: StepInput, doing: StepTaker
) -> RatingStep:
    step = RatingStep(
        rating_id=rating.id,
        action=action,
        state=rating.state,
        round=round_,
        at=doing.now,
        by=doing.caller.sub,
        appeal_reason=fields.reason,
    )
    row = str(step.id)
    if fields.text:
        step.said_sealed = doing.keyring.seal(fields.text, where=STEP_TEXT, row=row)
    if fields.plan:
        step.plan_sealed = doing.keyring.seal(fields.plan, where=STEP_PLAN, row=row)
    return step
