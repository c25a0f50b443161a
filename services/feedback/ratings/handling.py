"""How a bad rating is put right: by its department, and judged by someone else."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import PolicyKind
from services.feedback.ratings import queries, rules, workflow
from services.feedback.ratings.events import RatingRectified, ReturnVisitRequested
from services.feedback.ratings.models import (
    AppealReason,
    Rating,
    RatingAction,
    RatingState,
    RatingStep,
    Revisit,
    RevisitOutcome,
)
from services.feedback.ratings.rules import RevisitedToday
from services.feedback.ratings.service import subject_of
from services.feedback.ratings.workflow import FollowUp, RatingMove
from services.feedback.supervision import service as supervision
from services.feedback.supervision.models import Cause
from shared.clock import today
from shared.database import versioned
from shared.errors import NotFound
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions

STEP_TEXT, STEP_PLAN = "rating_step.said", "rating_step.plan"
SUPERVISED_AT_LEVEL = 2


@dataclass(frozen=True)
class Doing:
    """Who does something about a rating, when, and which version of it they have seen."""

    caller: Caller
    now: datetime
    keyring: Keyring
    expected: int | None = None


@dataclass(frozen=True)
class StepInput:
    """What comes with an action."""

    text: str | None = None
    plan: str | None = None
    is_complex: bool = False
    reason: AppealReason | None = None
    outcome: RevisitOutcome | None = None


def may_see(caller: Caller, rating: Rating) -> bool:
    """An officer sees the ratings of the own departments, a manager those of the own hall."""
    if caller.has("hall_manager") and caller.at(rating.hall_code):
        return True
    return caller.has(*workflow.READERS) and caller.at(rating.department_code)


async def act(
    session: AsyncSession, rating_id: UUID, action: RatingAction, fields: StepInput, doing: Doing
) -> Rating:
    """The rating after a step of its table.

    Raises NotFound, StateConflict, Forbidden, SamePerson or RevisitedToday.
    """
    # Who names no version wants the rating as it is after whatever is just being done about it.
    rating = await queries.get(session, rating_id, locked=doing.expected is None)
    if rating is None or not may_see(doing.caller, rating):
        raise NotFound(rules.NO_RATING)
    versions.ensure(doing.expected, version=rating.version, state=rating.state)
    involved = await queries.who_did(session, rating.id, workflow.DEPARTMENT_ACTIONS)
    move = workflow.move_of(rating, action, doing.caller, involved)
    round_ = rating.round
    # The swap locks the row until the commit: what follows may change the rating once more.
    rating = await versioned.swap(session, rating, {"state": move.to or rating.state})
    await _run_clocks(session, rating, move, doing)
    if move.then is FollowUp.LONGER_LIMIT and fields.is_complex:
        await _allow_longer(session, rating, doing)
    if move.then is FollowUp.ASK_FOR_REVISIT:
        await _ask_for_revisit(session, rating, doing.now)
    if move.then is FollowUp.REVISIT and fields.outcome is not None:
        await _revisit(session, rating, fields.outcome, doing)
    if rating.state in workflow.WORKFLOW.ends:
        await deadlines.cancel(session, subject_of(rating), by=doing.caller.sub, now=doing.now)
    await session.flush()
    await queries.add(session, _step(rating, action, round_, fields, doing))
    return rating


async def _run_clocks(
    session: AsyncSession, rating: Rating, move: RatingMove, doing: Doing
) -> None:
    subject, by, now = subject_of(rating), doing.caller.sub, doing.now
    if move.meets:
        await deadlines.meet(session, subject, *move.meets, by=by, now=now)
    if move.pauses:
        await deadlines.pause(session, subject, *move.pauses, by=by, now=now)
    if move.resumes:
        await deadlines.resume(session, subject, *move.resumes, by=by, now=now)
    if move.starts is not None:
        await _start(session, rating, move.starts, doing)


async def _start(session: AsyncSession, rating: Rating, kind: PolicyKind, doing: Doing) -> None:
    await deadlines.start(
        session,
        subject_of(rating),
        kind,
        department_code=rating.department_code,
        by=doing.caller.sub,
        now=doing.now,
    )


async def _allow_longer(session: AsyncSession, rating: Rating, doing: Doing) -> None:
    """A complex matter with a plan has its own, longer limit."""
    rating.is_complex = True
    subject, by, now = subject_of(rating), doing.caller.sub, doing.now
    await deadlines.cancel(session, subject, PolicyKind.RATING_RECTIFY, by=by, now=now)
    await _start(session, rating, PolicyKind.RATING_RECTIFY_COMPLEX, doing)


async def _ask_for_revisit(session: AsyncSession, rating: Rating, now: datetime) -> None:
    """Publish that the department is done, and that someone else should ask the citizen."""
    about = {
        "rating_id": rating.id,
        "case_id": rating.case_id,
        "hall_code": rating.hall_code,
        "department_code": rating.department_code,
        "round": rating.round,
    }
    clocks = await deadlines.of(session, subject_of(rating))
    due_on = max(c.due_on for c in clocks if c.kind is PolicyKind.RATING_REVISIT)
    for event in (
        RatingRectified(**about, at=now),
        ReturnVisitRequested(**about, due_on=due_on),
    ):
        await outbox.record(session, event, scope=rating.department_code, subject=str(rating.id))


async def _revisit(
    session: AsyncSession, rating: Rating, outcome: RevisitOutcome, doing: Doing
) -> None:
    tried = await queries.revisits_tried(session, rating.id, rating.round)
    revisit = Revisit(
        rating_id=rating.id,
        round=rating.round,
        attempt=tried + 1,
        on=today(doing.now),
        outcome=outcome,
        by=doing.caller.sub,
        at=doing.now,
    )
    if not await queries.add_revisit(session, revisit):
        raise RevisitedToday
    rating.state = workflow.after_revisit(outcome, round_=rating.round, attempt=tried + 1)
    if rating.state is RatingState.FEEDBACK_GIVEN:
        return
    subject = subject_of(rating)
    await deadlines.meet(
        session, subject, PolicyKind.RATING_REVISIT, by=doing.caller.sub, now=doing.now
    )
    if rating.state is RatingState.RECTIFYING:
        rating.round += 1
        await _start(session, rating, PolicyKind.RATING_RECTIFY, doing)
    if rating.state is RatingState.UNDER_SUPERVISION:
        await _hand_to_supervision(session, rating, doing)


async def _hand_to_supervision(session: AsyncSession, rating: Rating, doing: Doing) -> None:
    order, _ = await supervision.issue(
        session,
        Cause.RATING,
        rating.department_code,
        level=SUPERVISED_AT_LEVEL,
        by=doing.caller.sub,
        now=doing.now,
        cause_id=rating.id,
    )
    rating.supervision_order_id = order.id


def _step(
    rating: Rating, action: RatingAction, round_: int, fields: StepInput, doing: Doing
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
