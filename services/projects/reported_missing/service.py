"""Use cases of what is reported missing: counted, looked for, answered."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import service as duties
from services.projects.opendata import service as opendata
from services.projects.opendata.facts import PublicationFilter
from services.projects.rectification import service as rectification
from services.projects.register import service as register
from services.projects.reported_missing import queries, rules
from services.projects.reported_missing.contracts import DutyMoved, MissingReported, OrderMoved
from services.projects.reported_missing.events import DisclosureCheckAnswered
from services.projects.reported_missing.models import CheckAction, CheckState, DisclosureCheck
from services.projects.reported_missing.rules import CheckFinding
from services.projects.reported_missing.schemas import CheckAnswerInput
from services.projects.reported_missing.workflow import WORKFLOW
from shared import clock
from shared.database.deciding import DecidingSession
from shared.database.versioned import swap
from shared.errors import NotFound
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions

REOPENED = "reopened"
"""In events, where no answer holds."""


async def take_report(session: AsyncSession, reported: MissingReported, now: datetime) -> None:
    """Count the report, and answer it if the duties that it may be about do.

    The same again changes the count alone: what was answered stands for all who report it.
    """
    named = (reported.project_code, reported.item_code, reported.department_code)
    new = DisclosureCheck(
        reference="/".join(part or "-" for part in named),
        project_code=reported.project_code,
        item_code=reported.item_code,
        unit_code=await register.unit_now(session, reported.department_code),
        first_reported_at=reported.reported_at,
        last_reported_at=reported.reported_at,
    )
    await queries.take_turn(session)
    await _look(session, await queries.count_report(session, new), now)


async def look_again(session: AsyncSession, moved: DutyMoved | OrderMoved, now: datetime) -> None:
    """A duty moved, or an order about it: what was reported may have another answer now."""
    await queries.take_turn(session)
    found = await queries.about(
        session, moved.project_code or None, moved.item_code, moved.unit_code
    )
    for check in found:
        await _look(session, check, now)


async def look_at_answered_by(session: AsyncSession, duty_id: UUID, now: datetime) -> None:
    """Whether what this duty answered still stands."""
    await queries.take_turn(session)
    for check in await queries.answered_by(session, duty_id):
        await _look(session, check, now)


async def end_outlived(session: AsyncSession, now: datetime) -> int:
    """Look at some answers whose day is over; how many."""
    await queries.take_turn(session)
    found = await queries.outlived(session, clock.today(now))
    for check in found:
        await _look(session, check, now)
    return len(found)


async def _look(session: AsyncSession, check: DisclosureCheck, now: datetime) -> None:
    wanted = PublicationFilter(check.unit_code, check.project_code, check.item_code)
    owed = await opendata.duties_about(session, wanted, rules.MOST_DUTIES + 1)
    orders = await rectification.open_orders(session, [duty.id for duty in owed])
    found = rules.find(check, owed, orders)
    action = rules.next_step(check, found, owed, clock.today(now))
    if action is None:
        return
    step = WORKFLOW[check.state, action]
    if step.to is CheckState.OPEN:
        await _reopen(session, check, step.to, now)
    elif found is not None:
        await _answer(session, check, step.to, found, now, by=None)


async def answer(
    session: DecidingSession,
    check_id: UUID,
    order: CheckAnswerInput,
    now: datetime,
    caller: Caller,
) -> DisclosureCheck:
    """An auditor answers, or puts an answer right.

    Raises NotFound, Invalid where what the answer rests on is not named, or StateConflict if it was
    answered otherwise since it was read.
    """
    check = await session.get(DisclosureCheck, check_id)
    if check is None:
        raise NotFound
    if order.version is None:
        session.statement.wait_for(check)
    versions.ensure(order.version, version=check.version, state=check.state)
    step = WORKFLOW.take(check.state, check.version, CheckAction.ANSWER, caller.roles)
    found = rules.given(order)
    answered = await _answer(session, check, step.to, found, now, by=caller.sub)
    where, details = f"disclosure_check:{check_id}", {"answer": found.answer}
    assert step.audited is not None
    await audit_log.write(session, caller.sub, step.audited, where, now, details)
    return answered


async def _answer(
    session: AsyncSession,
    check: DisclosureCheck,
    state: CheckState,
    found: CheckFinding,
    now: datetime,
    *,
    by: str | None,
) -> DisclosureCheck:
    """Write the answer, and give it to those who have the letters."""
    changes = {**found._asdict(), "state": state, "answered_at": now, "answered_by": by}
    answered = await swap(session, check, changes)
    await _publish(session, answered, found.answer, now)
    return answered


async def _reopen(
    session: AsyncSession, check: DisclosureCheck, state: CheckState, now: datetime
) -> None:
    """Take the answer back, also from those who have the letters."""
    nothing = dict.fromkeys((*CheckFinding._fields, "answered_at", "answered_by"))
    reopened = await swap(session, check, {**nothing, "state": state})
    await _publish(session, reopened, REOPENED, now)


async def _publish(
    session: AsyncSession, check: DisclosureCheck, answer: str, now: datetime
) -> None:
    event = DisclosureCheckAnswered(
        check_id=check.id,
        project_code=check.project_code,
        item_code=check.item_code,
        department_code=check.unit_code,
        version=check.version,
        answer=answer,
        duty_id=check.duty_id,
        url=check.url,
        published_at=check.published_at,
        due_on=check.due_on,
        document=check.document,
        answered_at=now,
    )
    await outbox.record(session, event, scope=check.unit_code or "_", subject=str(check.id))


async def find(session: AsyncSession, check_id: UUID, caller: Caller) -> DisclosureCheck:
    """Raises NotFound, also for one that names a unit which is not the caller's, or none."""
    check = await session.get(DisclosureCheck, check_id)
    if check is None or not duties.may_see(caller, check.unit_code or "*"):
        raise NotFound
    return check


async def listed(
    session: AsyncSession,
    caller: Caller,
    *,
    unit: str | None,
    state: CheckState | None,
    project: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[DisclosureCheck]:
    """Checks that the caller may see. Raises NotFound for a unit that is not theirs."""
    units = duties.visible_units(caller, unit)
    return await queries.listed(
        session, units=units, state=state, project=project, after=after, limit=limit
    )
