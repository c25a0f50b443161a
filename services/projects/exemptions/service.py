"""Use cases of exemptions and of rulings on what is late: one asks, another person decides."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.disputes.rules import due_on
from services.projects.duties import ruling
from services.projects.duties import service as duties
from services.projects.duties.models import RulingKind
from services.projects.duties.rules import own_units
from services.projects.duties.ruling import Ruled
from services.projects.duties.schemas import Exemption, Extension, Ruling
from services.projects.duties.seen import SeenDuty
from services.projects.exemptions import queries, rules
from services.projects.exemptions.models import ExemptionRequest, ExemptionState
from services.projects.exemptions.queries import ExemptionFilters, ExemptionRow
from services.projects.exemptions.schemas import ExemptionDecision, ExemptionRuling
from services.projects.exemptions.workflow import WORKFLOW, ExemptionAction, ExemptionStep
from shared import clock
from shared.database.deciding import DecidingSession
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

ACTION_OF = {
    ExemptionRuling.GRANTED: ExemptionAction.GRANT,
    ExemptionRuling.REFUSED: ExemptionAction.REFUSE,
}

_ALREADY = Text(
    "这项义务已有人提出裁定，请等候另一人决定",
    "A ruling on this duty is asked for already; please wait for the decision",
)


async def rule(
    session: DecidingSession,
    duty_id: UUID,
    kind: RulingKind,
    order: Ruling,
    now: datetime,
    caller: Caller,
) -> Ruled | tuple[SeenDuty, ExemptionRequest]:
    """Make the ruling, or ask for it where another person has to make it: an exemption, what takes
    back what two decided, and whatever moves a clock that has run out.

    What is asked for moves nothing until somebody else has decided. Raises NotFound, or
    StateConflict if the duty moved since it was read, its state forbids it, or a ruling is asked
    for already.
    """
    found = await ruling.find(session, duty_id, now, caller)
    step = ruling.step_of(found, kind, caller)
    if not ruling.is_for_two(found, step, now):
        return await ruling.rule(session, found, step, order, now, caller)
    found = await ruling.note(session, found, order.version)
    if found.exemption_version is not None:
        refuse(ExemptionState.ASKED, found.exemption_version, _ALREADY)
    asked = ExemptionRequest(
        duty_id=duty_id,
        unit_code=found.duty.unit_code,
        kind=kind,
        document=order.document,
        article=order.article if isinstance(order, Exemption) else "",
        reason=order.reason,
        days=order.days if isinstance(order, Extension) else None,
        asked_at=now,
        asked_by=caller.sub,
    )
    queries.add(session, asked)
    details = {"document": order.document, "duty": str(duty_id), "kind": str(kind)}
    where = f"exemption:{asked.id}"
    await audit_log.write(session, caller.sub, "exemption.asked", where, now, details)
    return found, asked


async def decide(
    session: DecidingSession,
    exemption_id: UUID,
    order: ExemptionDecision,
    now: datetime,
    caller: Caller,
) -> ExemptionRow:
    """Decide on it; granted, the ruling is made.

    Who names no version goes by what is there after whoever is just deciding. Raises NotFound,
    FourEyes for who asked for it, or StateConflict if it is decided already, or if another ruling
    holds the duty meanwhile.
    """
    action = ACTION_OF[order.ruling]
    return await _take(session, exemption_id, action, order.reason, order.version, now, caller)


async def withdraw(
    session: DecidingSession,
    exemption_id: UUID,
    reason: str,
    version: int | None,
    now: datetime,
    caller: Caller,
) -> ExemptionRow:
    """Who asked for it takes it back. Raises as `decide`, FourEyes for anybody else."""
    action = ExemptionAction.WITHDRAW
    return await _take(session, exemption_id, action, reason, version, now, caller)


async def _take(
    session: DecidingSession,
    exemption_id: UUID,
    action: ExemptionAction,
    reason: str,
    version: int | None,
    now: datetime,
    caller: Caller,
) -> ExemptionRow:
    asked = await session.get(ExemptionRequest, exemption_id)
    if asked is None or not duties.may_see(caller, asked.unit_code):
        raise NotFound
    if version is None:
        session.statement.wait_for(asked)
    versions.ensure(version, version=asked.version, state=asked.state)
    step = WORKFLOW.take(asked.state, asked.version, action, caller.roles)
    (rules.ensure_another if step.is_by_another else rules.ensure_own)(asked, caller)
    # The turn to judge comes before the row of the request, as for all who rule.
    of_duty = await (_carry_out if step.is_carried_out else _leave)(session, asked, now, caller)
    changes = {"decision": reason, "decided_at": now, "decided_by": caller.sub}
    changes |= {"ruling_id": of_duty.pop("ruling_id", None)}
    changes |= {"withdrawn_at": None if step.is_by_another else now}
    asked = await swap(session, asked, {"state": step.to, **changes})
    await _note(session, asked, step, now, caller)
    return ExemptionRow(**asked.model_dump(exclude={"ruling_id"}), **of_duty)


async def _note(
    session: DecidingSession,
    asked: ExemptionRequest,
    step: ExemptionStep,
    now: datetime,
    caller: Caller,
) -> None:
    details, where = {"duty": str(asked.duty_id)}, f"exemption:{asked.id}"
    await audit_log.write(session, caller.sub, step.audited, where, now, details)


async def _carry_out(
    session: DecidingSession, asked: ExemptionRequest, now: datetime, caller: Caller
) -> dict[str, Any]:
    """The ruling is made; how its duty is shown then."""
    made = await ruling.carry_out(session, asked.duty_id, asked.kind, _order(asked), now, caller)
    found = made.seen
    return {
        "project_code": found.duty.project_code,
        "subject": found.duty.subject,
        "item_code": found.duty.item_code,
        "verdict": found.standing.verdict or Verdict.UNKNOWN,
        "due_on": due_on(clock.today(asked.asked_at), found.calendar),
        "ruling_id": made.ruling.id,
    }


def _order(asked: ExemptionRequest) -> Ruling:
    """What was asked for, as the ruling that it becomes."""
    given = {"document": asked.document, "reason": asked.reason, "version": asked.version}
    if asked.article:
        return Exemption(**given, article=asked.article)
    return Ruling(**given) if asked.days is None else Extension(**given, days=asked.days)


async def _leave(
    session: DecidingSession, asked: ExemptionRequest, now: datetime, caller: Caller
) -> dict[str, Any]:
    """The duty stays as it is; how it is shown."""
    row = await find(session, asked.id, caller)
    shown = ("project_code", "subject", "item_code", "verdict", "due_on")
    return {name: getattr(row, name) for name in shown}


async def find(session: AsyncSession, exemption_id: UUID, caller: Caller) -> ExemptionRow:
    """Raises NotFound, also for one of a unit that is not the caller's."""
    found = await queries.view(session, exemption_id)
    if found is None or not duties.may_see(caller, found.unit_code):
        raise NotFound
    return found


async def listed(
    session: AsyncSession,
    caller: Caller,
    today: date,
    *,
    unit: str | None,
    state: ExemptionState | None,
    kind: RulingKind | None,
    duty: UUID | None,
    mine: bool,
    overdue: bool,
    due_before: date | None,
    after: UUID | None,
    limit: int,
) -> Sequence[ExemptionRow]:
    """Exemptions that the caller may see; `mine`: those that they may decide on.

    Raises NotFound for a unit that is not theirs.
    """
    decided_in = [
        row.state
        for row in WORKFLOW.rows
        if row.is_by_another and not row.roles.isdisjoint(caller.roles)
    ]
    filters = ExemptionFilters(
        units=duties.visible_units(caller, unit),
        state=state,
        kind=kind,
        duty=duty,
        overdue=overdue,
        today=today,
        due_before=due_before,
        waiting=sorted(set(decided_in)) if mine else None,
        caller=caller.sub,
        own_units=own_units(caller),
    )
    return await queries.views(session, filters, after=after, limit=limit)
