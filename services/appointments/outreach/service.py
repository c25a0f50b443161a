"""Visits to who cannot come: asked for, planned, refused, cancelled, done."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides import service as guides
from services.appointments.outreach import queries, rules
from services.appointments.outreach.events import OutreachVisitEvent, OutreachVisitRequested
from services.appointments.outreach.models import OutreachVisit, VisitOutcome
from services.appointments.outreach.schemas import (
    OutreachReason,
    TravelPlan,
    VisitPlan,
    VisitRequest,
    VisitResult,
)
from services.appointments.outreach.workflow import VISITS, VisitAction, VisitMove
from services.appointments.policies.schemas import OutreachTerms
from services.appointments.queueing.events import CaseFinished
from shared.clock import today
from shared.database import calendar_days
from shared.database.deciding import DecidingSession
from shared.database.versioned import swap
from shared.errors import Invalid, NotFound
from shared.ids import new_id
from shared.messaging import outbox
from shared.security.identity import Caller
from shared.web import versions
from shared.web.steps import StepTaker
from shared.workdays import nth_after_or_guess

SEALED = ("name", "phone", "address", "note")
WORDS = "outreach_visit.words"


def place_of(name: str) -> str:
    """Where a text of a visit is sealed to."""
    return f"outreach_visit.{name}"


async def request(session: DecidingSession, wanted: VisitRequest, step: StepTaker) -> OutreachVisit:
    """A new request, of the citizen themselves or as staff of the hall wrote it down.

    Raises NotFound for a hall that is not the caller's, Invalid for what the hall does not do,
    VisitRequested for what the citizen has asked for already.
    """
    caller, is_own = step.caller, not step.caller.has(*rules.STAFF)
    if not (is_own or caller.at(wanted.hall_code)):
        raise NotFound(rules.NO_HALL)
    basis = await queries.basis(session, wanted.hall_code, wanted.item_code)
    if not basis.is_offered:
        raise Invalid(rules.NO_ITEM, pointer="/body/item_code")
    calendar = await calendar_days.of_content(session, basis.calendar)
    decide_days = basis.decide_days or OutreachTerms().decide_days
    due = nth_after_or_guess(today(step.now), decide_days, calendar)
    row_id = new_id()
    texts = wanted.model_dump(include=set(SEALED))
    sealed: dict[str, Any] = {
        f"{name}_sealed": given and step.keyring.seal(given, where=place_of(name), row=str(row_id))
        for name, given in texts.items()
    }
    visit = OutreachVisit(
        id=row_id,
        owner=caller.sub if is_own else None,
        policy_version=basis.policy_version,
        requested_by=caller.sub,
        requested_at=step.now,
        decide_days=decide_days,
        due_on=due.on,
        provisional=due.provisional,
        **wanted.model_dump(exclude=set(SEALED)),
        **sealed,
    )
    session.add(visit)
    session.statement.refusing("uq_outreach_visit_live", rules.VisitRequested)
    await publish(session, visit, OutreachVisitRequested, step.now)
    return visit


async def visible(session: AsyncSession, visit_id: UUID, caller: Caller) -> OutreachVisit:
    """The visit, for who asked and for the hall's staff. Raises NotFound."""
    visit = await queries.visit(session, visit_id)
    if visit is None or not rules.may_see(caller, visit):
        raise NotFound(rules.NO_VISIT)
    return visit


async def plan(
    session: DecidingSession, visit_id: UUID, wanted: VisitPlan, step: StepTaker
) -> OutreachVisit:
    """When who comes; planned again where it changes. Raises Invalid."""
    visit, move = await _begin(session, visit_id, VisitAction.PLAN, step)
    if wanted.starts_at <= step.now:
        raise Invalid(rules.IN_THE_PAST, pointer="/body/starts_at")
    changes = {"starts_at": wanted.starts_at, **travel(wanted, step.caller)}
    return await _take(session, visit, move, changes, step, earlier_starts_at=visit.starts_at)


def travel(wanted: TravelPlan, caller: Caller) -> dict[str, Any]:
    """The columns of a travel plan: whoever writes it down goes, unless others are named."""
    return {
        "leaves_at": wanted.leaves_at,
        "travellers": wanted.travellers or [caller.sub],
        "carries": wanted.carries,
    }


async def refuse(
    session: DecidingSession, visit_id: UUID, given: OutreachReason, step: StepTaker
) -> OutreachVisit:
    """Why the hall does not come; who asked reads it."""
    visit, move = await _begin(session, visit_id, VisitAction.REFUSE, step)
    return await _end(session, visit, move, given.reason, {}, step)


async def cancel(
    session: DecidingSession, visit_id: UUID, given: OutreachReason, step: StepTaker
) -> OutreachVisit:
    """Who asked needs it no more, or the hall cannot come after all."""
    visit, move = await _begin(session, visit_id, VisitAction.CANCEL, step)
    return await _end(session, visit, move, given.reason, {}, step)


async def finish(
    session: DecidingSession, visit_id: UUID, result: VisitResult, step: StepTaker
) -> OutreachVisit:
    """What came of it; where somebody was served they may rate it, as at a window."""
    visit, move = await _begin(session, visit_id, VisitAction.FINISH, step)
    went = sorted({*visit.travellers, step.caller.sub})
    changes = {"outcome": result.outcome, "travellers": went}
    visit = await _end(session, visit, move, result.text, changes, step)
    if result.outcome is not VisitOutcome.NOBODY_THERE:
        await _publish_finished_case(session, visit, step.now)
    return visit


async def _publish_finished_case(
    session: DecidingSession, visit: OutreachVisit, now: datetime
) -> None:
    item = await guides.get_item(session, visit.item_code)
    assert visit.outcome is not None
    event = CaseFinished(
        case_id=visit.id,
        hall_code=visit.hall_code,
        item_code=visit.item_code,
        item_name=item.name,
        department_code=item.department_code,
        window_no=0,
        outcome=visit.outcome.value,
        finished_at=now,
        one_visit=visit.outcome is VisitOutcome.DONE,
        version=visit.version,
    )
    await outbox.record(session, event, scope=visit.hall_code, subject=str(visit.id))


async def _begin(
    session: DecidingSession, visit_id: UUID, action: VisitAction, step: StepTaker
) -> tuple[OutreachVisit, VisitMove]:
    """Raises NotFound, StateConflict, Forbidden."""
    visit = await visible(session, visit_id, step.caller)
    if step.expected is None:
        session.statement.wait_for(visit)
    versions.ensure(step.expected, version=visit.version, state=visit.state)
    return visit, VISITS.take(visit.state, visit.version, action, step.caller.roles)


async def _end(
    session: DecidingSession,
    visit: OutreachVisit,
    move: VisitMove,
    words: str | None,
    changes: dict[str, Any],
    step: StepTaker,
) -> OutreachVisit:
    sealed = words and step.keyring.seal(words, where=WORDS, row=str(visit.id))
    ended = {"words_sealed": sealed, "ended_by": step.caller.sub, "ended_at": step.now}
    return await _take(session, visit, move, ended | changes, step)


async def _take(
    session: DecidingSession,
    visit: OutreachVisit,
    move: VisitMove,
    changes: dict[str, Any],
    step: StepTaker,
    **facts: Any,
) -> OutreachVisit:
    visit = await swap(session, visit, {"state": move.to, **changes})
    await publish(session, visit, move.event, step.now, **facts)
    return visit


async def publish(
    session: AsyncSession,
    visit: OutreachVisit,
    event: type[OutreachVisitEvent],
    now: datetime,
    **facts: Any,
) -> None:
    """The event of a change, in the scope of the hall, with the columns that it names besides."""
    named = event.model_fields.keys() - {"visit_id", "at", *facts}
    columns = {name: getattr(visit, name) for name in named}
    made = event(visit_id=visit.id, at=now, **columns, **facts)
    await outbox.record(session, made, scope=visit.hall_code, subject=str(visit.id))
