"""An alarm is raised, acknowledged by another person, and resolved with an outcome."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.alarms import queries
from services.appointments.alarms.events import AlarmEvent, AlarmRaised
from services.appointments.alarms.models import Alarm, AlarmKind
from services.appointments.alarms.schemas import AlarmResolution
from services.appointments.alarms.workflow import WORKFLOW, AlarmAction
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.database.versioned import swap
from shared.errors import FourEyes, NotFound, Text
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security.identity import Caller
from shared.web import versions
from shared.web.steps import StepTaker

TEXT = "alarm.text"
_NO_WINDOW = Text("没有这个窗口", "There is no such window")
_UNKNOWN = Text("没有这次求助，请从列表中查找", "There is no such alarm; please see the list")

_ANOTHER = Text(
    "求助不能由本人响应或了结，请另一位同事来办",
    "Whoever raised the alarm does not answer or end it: please let another colleague do so",
)


class Pressed(NamedTuple):
    """The alarm of the window, and whether this is the first that is heard of it."""

    alarm: Alarm
    is_new: bool


async def press(
    statement: SwapStatement, window_id: UUID, kind: AlarmKind | None, caller: Caller, now: datetime
) -> Pressed:
    """The alarm that nobody has acknowledged yet, or a new one: help that is on its way for one
    thing may not know of the next. Raises NotFound for a window of another hall.

    Of one that goes no higher any more everybody hears again: it may be of the day before.
    Neither the window's shift nor the hall's hours matter, and nothing is waited for.
    """
    found = await queries.window(statement.direct, window_id)
    if found is None or not caller.at(found.hall_code):
        raise NotFound(_NO_WINDOW)
    if (present := found.present) is not None:
        if present.escalate_at is None:
            _repeat(statement, present, kind, now)
        return Pressed(present, is_new=False)
    alarm = Alarm(
        hall_code=found.hall_code,
        window_id=window_id,
        window_no=found.no,
        kind=kind,
        policy_version=found.policy_version,
        acknowledge_seconds=found.acknowledge_seconds,
        escalate_at=now + timedelta(seconds=found.acknowledge_seconds),
        resolve_seconds=found.resolve_minutes * 60,
        raised_by=caller.sub,
        raised_at=now,
    )
    statement.insert(alarm)
    statement.refusing("uq_alarm_raised", Overtaken)  # then it is found, and answered
    outbox.promise(statement, of_change(AlarmRaised, alarm, now))
    return Pressed(alarm, is_new=True)


def _repeat(statement: SwapStatement, alarm: Alarm, kind: AlarmKind | None, now: datetime) -> None:
    row = WORKFLOW[alarm.state, AlarmAction.REPEAT]
    due = row.escalates_at(alarm, now)
    changes = {"state": row.to, "kind": kind or alarm.kind, "escalate_at": due}
    statement.swap(alarm, changes, follows=True)
    outbox.promise(statement, of_change(row.event, alarm, now))


async def visible(session: AsyncSession, alarm_id: UUID, caller: Caller) -> Alarm:
    """The alarm, for who works in its hall. Raises NotFound."""
    alarm, _ = await _seen(session, alarm_id, caller)
    return alarm


async def _seen(session: AsyncSession, alarm_id: UUID, caller: Caller) -> tuple[Alarm, str | None]:
    """The alarm, and the account at its window: who sits there may be made to say that all is well,
    though a device raised it. Raises NotFound."""
    found = await queries.with_clerk(session, alarm_id)
    if found is None or not caller.at(found[0].hall_code):
        raise NotFound(_UNKNOWN)
    return found


async def acknowledge(session: DecidingSession, alarm_id: UUID, step: StepTaker) -> Alarm:
    """Somebody is on their way, and ends it in time. Raises NotFound, StateConflict, FourEyes."""
    noted = {"acknowledged_by": step.caller.sub, "acknowledged_at": step.now}
    return await _take(session, alarm_id, AlarmAction.ACKNOWLEDGE, step, noted)


async def resolve(
    session: DecidingSession, alarm_id: UUID, given: AlarmResolution, step: StepTaker
) -> Alarm:
    """It is over. Raises NotFound, StateConflict, FourEyes."""
    sealed = given.text and step.keyring.seal(given.text, where=TEXT, row=str(alarm_id))
    ended = {"text_sealed": sealed, "resolved_by": step.caller.sub, "resolved_at": step.now}
    changes = {"outcome": given.outcome, **ended}
    return await _take(session, alarm_id, AlarmAction.RESOLVE, step, changes)


async def _take(
    session: DecidingSession,
    alarm_id: UUID,
    action: AlarmAction,
    step: StepTaker,
    changes: dict[str, Any],
) -> Alarm:
    alarm, at_window = await _seen(session, alarm_id, step.caller)
    if step.expected is None:
        session.statement.wait_for(alarm)
    versions.ensure(step.expected, version=alarm.version, state=alarm.state)
    row = WORKFLOW.take(alarm.state, alarm.version, action, step.caller.roles)
    if row.by_another and step.caller.sub in (alarm.raised_by, at_window):
        raise FourEyes(_ANOTHER)
    due = row.escalates_at(alarm, step.now)
    alarm = await swap(session, alarm, {"state": row.to, "escalate_at": due, **changes})
    await publish(session, alarm, row.event, step.now)
    return alarm


async def publish(
    session: AsyncSession, alarm: Alarm, event: type[AlarmEvent], now: datetime
) -> None:
    """The event of a change."""
    made = of_change(event, alarm, now)
    await outbox.record(session, made.event, scope=made.scope, subject=made.subject)


def of_change(event: type[AlarmEvent], alarm: Alarm, now: datetime) -> Addressed:
    """The event of a change in the scope of the hall, with the columns that it names."""
    named = event.model_fields.keys() - {"alarm_id", "at"}
    facts = {name: getattr(alarm, name) for name in named}
    return Addressed(event(alarm_id=alarm.id, at=now, **facts), alarm.hall_code, str(alarm.id))
