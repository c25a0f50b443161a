"""Drawing finished cases, and taking the answers."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.followups import queries, rules, workflow
from services.appointments.followups.events import FollowupEvent, FollowupInvited
from services.appointments.followups.models import Followup, Questionnaire
from services.appointments.followups.queries import AskedFollowup, FinishedVisit, Sampling
from services.appointments.followups.schemas import (
    FollowupAnswers,
    FollowupCall,
    QuestionnaireContent,
    QuestionnaireIn,
)
from services.appointments.followups.workflow import (
    WORKFLOW,
    FollowupAction,
    FollowupMove,
    FollowupSweep,
)
from services.appointments.policies.schemas import FollowupTerms
from services.appointments.queueing.events import CaseFinished
from shared.clock import today
from shared.database import calendar_days
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.database.versioned import swap
from shared.errors import Conflict, NotFound
from shared.ids import new_id
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.crypto import Keyring, is_rating_key
from shared.security.identity import Caller
from shared.web import versions
from shared.web.steps import StepTaker
from shared.workdays import Workdays, nth_after_or_guess

REMARKS = "followup.remarks"
SYSTEM = "system"


async def draw(session: AsyncSession, finished: CaseFinished, now: datetime) -> bool:
    """Whether the finished case is in its hall's sample; then its person is asked, once.

    A case that ended anew corrects what is not answered yet, be it in the sample as it is now or
    not: somebody may have picked it, and the hall may draw others by now.
    """
    known = FinishedVisit._fields
    visit = FinishedVisit(*(getattr(finished, name) for name in known))
    followup = await _drawn(session, finished.case_id, visit, now)
    if followup is not None and await queries.add(session, followup):
        await _publish_invited(session, followup, now)
        return True
    values = visit._asdict()
    await queries.correct(session, finished.case_id, values.pop("version"), values)
    return False


async def _drawn(
    session: AsyncSession, case_id: UUID, visit: FinishedVisit, now: datetime
) -> Followup | None:
    """What the case is asked by, if it is in the sample."""
    sampling = await queries.sampling(session, visit.hall_code, case_id)
    if sampling is None:
        return None
    terms = FollowupTerms.model_validate_json(sampling.terms)
    share = rules.percent(terms, visit.item_code, visit.outcome)
    if not rules.is_drawn(case_id, sampling.seed, share):
        return None
    calendar = await calendar_days.of_content(session, sampling.calendar)
    return _new(case_id, visit, sampling, terms, calendar, SYSTEM, now)


async def invite(
    session: DecidingSession, case_id: UUID, caller: Caller, now: datetime
) -> AskedFollowup:
    """A case that the hall's manager wants asked about, whether it was drawn or not.

    Raises NotFound, AlreadyFollowed, or Conflict while the hall has no questionnaire.
    """
    visit = await queries.finished(session, case_id)
    if visit is None or not caller.at(visit.hall_code):
        raise NotFound(rules.NO_CASE)
    sampling = await queries.sampling(session, visit.hall_code, case_id)
    if sampling is None:
        raise Conflict(rules.NOTHING_TO_ASK)
    terms = FollowupTerms.model_validate_json(sampling.terms)
    calendar = await calendar_days.of_content(session, sampling.calendar)
    followup = _new(case_id, visit, sampling, terms, calendar, caller.sub, now)
    session.add(followup)
    session.statement.refusing("uq_followup_case_id", rules.AlreadyFollowed)
    await _publish_invited(session, followup, now)
    return AskedFollowup(followup, json.loads(sampling.content))


def _new(
    case_id: UUID,
    visit: FinishedVisit,
    sampling: Sampling,
    terms: FollowupTerms,
    calendar: Workdays,
    by: str,
    now: datetime,
) -> Followup:
    day, known = today(now), visit._asdict()
    return Followup(
        id=new_id(),
        case_id=case_id,
        case_version=known.pop("version"),
        **known,
        served_by=sampling.served_by,
        appointment_id=sampling.appointment_id,
        policy_version=sampling.policy_version,
        questionnaire_code=terms.questionnaire_code or "",
        questionnaire_version=sampling.questionnaire_version,
        invited_by=by,
        invited_at=now,
        base_on=day,
        answer_days=terms.answer_days,
        due_on=nth_after_or_guess(day, terms.answer_days, calendar).on,
    )


async def _publish_invited(session: AsyncSession, followup: Followup, now: datetime) -> None:
    names = ("questionnaire_code", "questionnaire_version", "due_on")
    facts = {name: getattr(followup, name) for name in names}
    await publish(session, followup, FollowupInvited, now, **facts)


async def of_key(session: AsyncSession, case_id: UUID, key: str, keyring: Keyring) -> AskedFollowup:
    """What is asked about a case, for whoever has the key that came with its ticket.

    Raises NotFound, for a wrong key as well.
    """
    if not is_rating_key(keyring, case_id, key):
        raise NotFound(rules.NOT_ASKED)
    found = await queries.asked(session, case_id=case_id)
    if found is None:
        raise NotFound(rules.NOT_ASKED)
    return found


async def answer(
    session: DecidingSession,
    followup_id: UUID,
    given: FollowupAnswers,
    keyring: Keyring,
    now: datetime,
) -> Followup:
    """The answers of the person themselves, once. Raises NotFound, StateConflict, Invalid."""
    found = await queries.asked(session, followup_id=followup_id)
    if found is None or not is_rating_key(keyring, found.followup.case_id, given.key):
        raise NotFound(rules.NOT_ASKED)
    followup = found.followup
    action = FollowupAction.ANSWER
    move = WORKFLOW.find(followup.state, followup.version, action, ["citizen"])
    changes = _answered(found, given.answers, given.text, keyring, now)
    return await _take(session, followup, move, changes, now)


async def visible(session: AsyncSession, followup_id: UUID, caller: Caller) -> AskedFollowup:
    """The follow-up, if it is of the caller's hall or department. Raises NotFound."""
    found = await queries.asked(session, followup_id=followup_id)
    if found is None or not rules.may_see(caller, found.followup):
        raise NotFound(rules.NO_FOLLOWUP)
    return found


async def note_call(
    session: DecidingSession, followup_id: UUID, call: FollowupCall, calling: StepTaker
) -> AskedFollowup:
    """What came of a return call by somebody else than who served.

    Raises NotFound, FourEyes, StateConflict, CalledToday, Invalid.
    """
    found = await visible(session, followup_id, calling.caller)
    followup, day = found.followup, today(calling.now)
    if calling.expected is None:
        session.statement.wait_for(followup)
    versions.ensure(calling.expected, version=followup.version, state=followup.state)
    rules.ensure_another(calling.caller, followup.served_by)
    action = workflow.action_of(call.outcome)
    move = WORKFLOW.take(followup.state, followup.version, action, calling.caller.roles)
    if followup.last_called_on == day:
        raise rules.CalledToday
    changes: dict[str, Any] = {"calls": followup.calls + 1, "last_called_on": day}
    if move.to is None:
        changes["state"] = workflow.after_call(followup.calls + 1)
    if call.answers is not None:
        answered = _answered(found, call.answers, call.text, calling.keyring, calling.now)
        changes |= {**answered, "answered_by": calling.caller.sub}
    await _take(session, followup, move, changes, calling.now)
    return found


def _answered(
    found: AskedFollowup,
    answers: dict[str, Any],
    text: str | None,
    keyring: Keyring,
    now: datetime,
) -> dict[str, Any]:
    followup = found.followup
    judged = rules.judge(QuestionnaireContent.model_validate(found.content), answers)
    row = str(followup.id)
    return {
        "answers": answers,
        "remarks_sealed": keyring.seal(text, where=REMARKS, row=row) if text else None,
        "score": judged.score,
        "is_bad": judged.is_bad,
        "answered_at": now,
    }


async def _take(
    session: AsyncSession,
    followup: Followup,
    move: FollowupMove,
    changes: dict[str, Any],
    now: datetime,
) -> Followup:
    state = {} if move.to is None else {"state": move.to}
    channel = {} if move.channel is None else {"channel": move.channel}
    followup = await swap(session, followup, state | channel | changes)
    more = move.event.model_fields.keys() - FollowupEvent.model_fields.keys()
    facts = {name: getattr(followup, name) for name in more}
    await publish(session, followup, move.event, now, **facts)
    return followup


async def publish(
    session: AsyncSession,
    followup: Followup,
    event: type[FollowupEvent],
    now: datetime,
    **facts: Any,
) -> None:
    """The event of a change, in the scope of the hall."""
    known = ("case_id", "hall_code", "item_code", "department_code", "state", "version")
    values = {name: getattr(followup, name) for name in known}
    made = event(followup_id=followup.id, at=now, **values, **facts)
    await outbox.record(session, made, scope=followup.hall_code, subject=str(followup.id))


async def expire(session: AsyncSession, now: datetime) -> int:
    """Those whose last day is over expire; where a notice has put it off, that day is kept.

    Returns how many it looked at.
    """
    found = await queries.over(session, today(now))
    if not found:
        return 0
    calendar = await calendar_days.load(session)
    for followup in found:
        due = nth_after_or_guess(followup.base_on, followup.answer_days, calendar)
        if due.on >= today(now):
            await swap(session, followup, {"due_on": due.on})
        else:
            move = WORKFLOW[followup.state, FollowupSweep.EXPIRE]
            await _take(session, followup, move, {}, now)
    return len(found)


note_rectified = queries.note_rectified


async def put_questionnaire(
    session: DecidingSession, code: str, wanted: QuestionnaireIn, caller: Caller, now: datetime
) -> Questionnaire:
    """The next version; those asked before are asked as they were. Raises StateConflict."""
    newest = await queries.newest_questionnaire(session, code)
    version, state = (newest.version, newest.presence) if newest else (0, "absent")
    versions.ensure(wanted.version, version=version, state=state)
    content = wanted.model_dump(mode="json", exclude={"version"})
    next_one = Questionnaire(
        code=code,
        version=wanted.version + 1,
        content=content,
        published_by=caller.sub,
        published_at=now,
    )
    session.add(next_one)
    session.statement.refusing("pk_questionnaire", Overtaken)  # by who published it just now
    await audit_log.write(
        session, caller.sub, "questionnaire.published", f"questionnaire:{code}", now,
        {"version": next_one.version},
    )  # fmt: skip
    return next_one
