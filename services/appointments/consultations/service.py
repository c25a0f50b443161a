"""What people do about consultations; each is one statement that carries its event."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.consultations import queries, rules, workflow
from services.appointments.consultations.events import ConsultationEvent, ConsultationOpened
from services.appointments.consultations.models import (
    HIGHEST_LEVEL,
    Consultation,
    ConsultedDepartment,
)
from services.appointments.consultations.queries import SeenConsultation as SeenConsultation
from services.appointments.consultations.schemas import (
    AnswerGiven,
    ConsultationLookup,
    DepartmentInvitation,
    NewConsultation,
    OpinionGiven,
    ReasonGiven,
    SessionCall,
)
from services.appointments.consultations.workflow import ConsultationAction, ConsultationMove
from services.appointments.policies.schemas import ConsultationTerms
from shared.clock import today
from shared.database import calendar_days, versioned
from shared.database.deciding import DecidingSession
from shared.errors import Invalid, NotFound
from shared.ids import new_id
from shared.messaging import outbox
from shared.security.crypto import Keyring, was_handed_out
from shared.security.identity import Caller
from shared.web import versions
from shared.web.steps import StepTaker
from shared.workdays import Workdays, nth_after_or_guess

TITLE, QUESTION = "consultation.title", "consultation.question"
ANSWER, REASON = "consultation.answer", "consultation.reason"
OPINION = "consulted_department.opinion"
KEY = "consultation.key"


async def open_(
    session: AsyncSession, wanted: NewConsultation, taking: StepTaker
) -> SeenConsultation:
    """A new consultation of the caller's hall. Raises NotFound, Invalid."""
    basis = await queries.basis(session, wanted.hall_code, wanted.item_code)
    if not (basis.has_hall and taking.caller.at(wanted.hall_code)):
        raise NotFound(rules.NO_HALL)
    if not basis.has_item:
        raise Invalid(rules.NO_ITEM, pointer="/body/item_code")
    calendar = await calendar_days.of_content(session, basis.calendar)
    terms = ConsultationTerms.model_validate(basis.terms)
    consultation = _new(wanted, basis.policy_version, terms, calendar, taking)
    departments = [
        _asked(consultation, code, calendar, taking) for code in sorted(wanted.departments)
    ]
    session.add_all([consultation, *departments])
    found = SeenConsultation(consultation, departments)
    codes = [one.department_code for one in departments]
    await publish(session, consultation, ConsultationOpened, taking.now, departments=codes)
    return found


def _new(
    wanted: NewConsultation,
    policy_version: int,
    terms: ConsultationTerms,
    calendar: Workdays,
    taking: StepTaker,
) -> Consultation:
    row_id, base_on = new_id(), today(taking.now)
    answer = rules.limit(base_on, terms.answer_days, terms.remind_days, calendar)
    return Consultation(
        id=row_id,
        hall_code=wanted.hall_code,
        item_code=wanted.item_code,
        case_id=wanted.case_id,
        lead_department_code=wanted.lead_department_code,
        title_sealed=taking.keyring.seal(wanted.title, where=TITLE, row=str(row_id)),
        question_sealed=taking.keyring.seal(wanted.question, where=QUESTION, row=str(row_id)),
        policy_version=policy_version,
        opened_by=taking.caller.sub,
        opened_at=taking.now,
        base_on=base_on,
        due_on=answer.due.on,
        provisional=answer.due.provisional,
        remind_on=answer.remind_on,
        **terms.model_dump(),
    )


def _asked(
    consultation: Consultation, code: str, calendar: Workdays, taking: StepTaker
) -> ConsultedDepartment:
    base_on, n = today(taking.now), consultation.opinion_days
    opinion = rules.limit(base_on, n, consultation.remind_days, calendar)
    return ConsultedDepartment(
        consultation_id=consultation.id,
        department_code=code,
        invited_by=taking.caller.sub,
        invited_at=taking.now,
        base_on=base_on,
        due_on=opinion.due.on,
        provisional=opinion.due.provisional,
        remind_on=opinion.remind_on,
    )


async def visible(session: AsyncSession, consultation_id: UUID, caller: Caller) -> SeenConsultation:
    """The consultation, if the caller takes part in it or watches over it. Raises NotFound."""
    found = await queries.seen(session, consultation_id)
    if found is None or not rules.may_see(caller, *found):
        raise NotFound(rules.NO_CONSULTATION)
    return found


async def looked_up(
    session: AsyncSession, given: ConsultationLookup, keyring: Keyring
) -> Consultation:
    """The consultation, for whom it is for. Raises NotFound, for a wrong key as well."""
    if not was_handed_out(keyring, given.key, given.consultation_id, where=KEY):
        raise NotFound(rules.WRONG_KEY)
    found = await queries.seen(session, given.consultation_id)
    if found is None:
        raise NotFound(rules.WRONG_KEY)
    return found.consultation


async def invite(
    session: DecidingSession, consultation_id: UUID, wanted: DepartmentInvitation, taking: StepTaker
) -> SeenConsultation:
    """One more department is asked; its days begin today. Raises AlreadyInvited."""
    found, move = await _begin(session, consultation_id, ConsultationAction.INVITE, taking)
    code = wanted.department_code
    if any(one.department_code == code for one in found.departments):
        raise rules.AlreadyInvited
    calendar = await calendar_days.load(session)
    asked = _asked(found.consultation, code, calendar, taking)
    session.add(asked)
    departments = sorted([*found.departments, asked], key=lambda one: one.department_code)
    facts = {"department_code": code, "opinion_due_on": asked.due_on}
    await _take(session, found, move, {}, taking, **facts)
    return SeenConsultation(found.consultation, departments)


async def convene(
    session: DecidingSession, consultation_id: UUID, call: SessionCall, taking: StepTaker
) -> SeenConsultation:
    """A joint session of all departments, or of some. Raises Invalid."""
    found, move = await _begin(session, consultation_id, ConsultationAction.CONVENE, taking)
    if call.starts_at <= taking.now:
        raise Invalid(rules.IN_THE_PAST, pointer="/body/starts_at")
    rules.ensure_asked(call.departments or (), found.departments)
    codes = call.departments or [one.department_code for one in found.departments]
    held = {
        "starts_at": call.starts_at.isoformat(),
        "place": call.place,
        "departments": codes,
        "convened_by": taking.caller.sub,
    }
    changes = {"sessions": [*found.consultation.sessions, held]}
    facts = {"starts_at": call.starts_at, "departments": codes}
    return await _take(session, found, move, changes, taking, **facts)


async def opine(
    session: DecidingSession, consultation_id: UUID, given: OpinionGiven, taking: StepTaker
) -> SeenConsultation:
    """The opinion of the caller's department, instead of its earlier one, if any.

    Raises Forbidden, Invalid.
    """
    found, move = await _begin(session, consultation_id, ConsultationAction.OPINE, taking)
    asked = rules.speaks_for(taking.caller, found.departments, given.department_code)
    row = f"{asked.consultation_id}/{asked.department_code}"
    opinion = {
        "stance": given.stance,
        "opinion_sealed": taking.keyring.seal(given.text, where=OPINION, row=row),
        "opined_by": taking.caller.sub,
        "opined_at": taking.now,
    }
    waiting = [c for c in rules.silent(found.departments) if c != asked.department_code]
    to = workflow.after_opinion(found.consultation.state, waiting=bool(waiting))
    facts = {
        "department_code": asked.department_code,
        "stance": given.stance,
        "waiting_for": waiting,
    }
    # The consultation before its departments, as who escalates it or moves its days locks them.
    await _take(session, found, move, {"state": to}, taking, **facts)
    await versioned.swap(session, asked, opinion, state="stance", follows=True)
    return found


async def escalate(
    session: DecidingSession, consultation_id: UUID, given: ReasonGiven, taking: StepTaker
) -> SeenConsultation:
    """The hall's manager refers it a level higher before its time."""
    found, move = await _begin(session, consultation_id, ConsultationAction.ESCALATE, taking)
    calendar = await calendar_days.load(session)
    changes = escalation(found.consultation, taking.now, calendar) | _reason(found, given, taking)
    facts = {"level": changes["level"], "silent": rules.silent(found.departments)}
    return await _take(session, found, move, changes, taking, **facts)


def escalation(consultation: Consultation, now: datetime, calendar: Workdays) -> dict[str, Any]:
    """One level higher, and when the next one comes."""
    return {
        "level": min(consultation.level + 1, HIGHEST_LEVEL),
        "escalate_on": nth_after_or_guess(today(now), consultation.escalate_days, calendar).on,
    }


async def answer(
    session: DecidingSession, consultation_id: UUID, given: AnswerGiven, taking: StepTaker
) -> SeenConsultation:
    """The one answer; it names those who stayed silent. Raises OpinionsMissing, Forbidden."""
    found, move = await _begin(session, consultation_id, ConsultationAction.ANSWER, taking)
    consultation, silent = found.consultation, rules.silent(found.departments)
    sealed = taking.keyring.seal(given.text, where=ANSWER, row=str(consultation.id))
    changes = {"answer_sealed": sealed, "silent": silent}
    facts = {"in_time": not rules.is_late(consultation, today(taking.now)), "silent": silent}
    return await _take(session, found, move, changes, taking, **facts)


async def withdraw(
    session: DecidingSession, consultation_id: UUID, given: ReasonGiven, taking: StepTaker
) -> SeenConsultation:
    """The question is asked no more."""
    found, move = await _begin(session, consultation_id, ConsultationAction.WITHDRAW, taking)
    return await _take(session, found, move, _reason(found, given, taking), taking)


async def _begin(
    session: DecidingSession, consultation_id: UUID, action: ConsultationAction, taking: StepTaker
) -> tuple[SeenConsultation, ConsultationMove]:
    """Who names no version wants it as it is after whatever is just being done about it.

    Raises NotFound, StateConflict, Forbidden, OpinionsMissing.
    """
    found = await visible(session, consultation_id, taking.caller)
    one, caller = found.consultation, taking.caller
    if taking.expected is None:
        session.statement.wait_for(one)
    versions.ensure(taking.expected, version=one.version, state=one.state)
    move = workflow.WORKFLOW.take(one.state, one.version, action, caller.roles)
    rules.ensure_may(move, caller, one, bool(rules.silent(found.departments)))
    return found, move


async def _take(
    session: DecidingSession,
    found: SeenConsultation,
    move: ConsultationMove,
    changes: dict[str, Any],
    taking: StepTaker,
    **facts: Any,
) -> SeenConsultation:
    state = {} if move.to is None else {"state": move.to}
    ended = {"ended_by": taking.caller.sub, "ended_at": taking.now} if move.ends else {}
    one = await versioned.swap(session, found.consultation, state | ended | changes)
    await publish(session, one, move.event, taking.now, **facts)
    return found


def _reason(found: SeenConsultation, given: ReasonGiven, taking: StepTaker) -> dict[str, Any]:
    row = str(found.consultation.id)
    return {"reason_sealed": taking.keyring.seal(given.reason, where=REASON, row=row)}


async def publish(
    session: AsyncSession,
    one: Consultation,
    event: type[ConsultationEvent],
    now: datetime,
    **facts: Any,
) -> None:
    """The event of a change, in the scope of the hall."""
    known = ("hall_code", "item_code", "lead_department_code", "state", "version", "due_on")
    values = {name: getattr(one, name) for name in known}
    made = event(consultation_id=one.id, at=now, **values, **facts)
    await outbox.record(session, made, scope=one.hall_code, subject=str(one.id))
