"""Use cases of disputes: a finding is disputed, and decided on by somebody else."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.calendar import service as calendars
from services.projects.calendar.models import NATIONAL
from services.projects.disputes import queries, rules
from services.projects.disputes.models import Dispute, DisputeState
from services.projects.disputes.schemas import DisputeDecision, DisputeRuling
from services.projects.disputes.workflow import WORKFLOW, DisputeAction, DisputeStep
from services.projects.duties import ruling
from services.projects.duties import service as duties
from services.projects.duties.rules import own_units
from services.projects.duties.schemas import Ruling
from services.projects.duties.seen import SeenDuty
from shared import clock
from shared.database.deciding import DecidingSession
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

ACTION_OF = {
    DisputeRuling.UPHELD: DisputeAction.UPHOLD,
    DisputeRuling.REJECTED: DisputeAction.REJECT,
}

_ALREADY = Text(
    "这项义务已有异议在处理中，请等候决定",
    "A dispute about this duty is open already; please wait for its decision",
)


async def open_dispute(
    session: DecidingSession, duty_id: UUID, order: Ruling, now: datetime, caller: Caller
) -> tuple[SeenDuty, Dispute]:
    """Open a dispute about the duty's verdict, which stands until another person decides.

    It moves no verdict, and so needs no turn to judge: the duty's version makes of two at once one,
    and the verdict that is disputed is held as it was read.
    Raises NotFound, or StateConflict if the duty moved since it was read, is outside the ordinary
    course, or has an open dispute already.
    """
    found = await ruling.note_dispute(session, duty_id, order.version, now, caller)
    if found.dispute_version is not None:
        refuse(DisputeState.OPEN, found.dispute_version, _ALREADY)
    dispute = Dispute(
        duty_id=duty_id,
        unit_code=found.duty.unit_code,
        disputed_verdict=found.standing.verdict or Verdict.UNKNOWN,
        document=order.document,
        reason=order.reason,
        opened_at=now,
        opened_by=caller.sub,
        due_on=rules.due_on(clock.today(now), found.calendar),
    )
    queries.add(session, dispute)
    details = {"document": order.document, "duty": str(duty_id)}
    where = f"dispute:{dispute.id}"
    await audit_log.write(session, caller.sub, "dispute.opened", where, now, details)
    return found, dispute


async def decide(
    session: DecidingSession,
    dispute_id: UUID,
    order: DisputeDecision,
    now: datetime,
    caller: Caller,
) -> queries.DisputeRow:
    """Decide the dispute; upheld, the finding no longer counts.

    Who names no version goes by what is there after whoever is just deciding. Raises NotFound,
    FourEyes for its opener and whoever had a part in the finding, or StateConflict if it is
    decided already.
    """
    dispute = await session.get(Dispute, dispute_id)
    if dispute is None or not duties.may_see(caller, dispute.unit_code):
        raise NotFound
    if order.version is None:
        session.statement.wait_for(dispute)
    row = await find(session, dispute_id, caller)
    rules.ensure_another(dispute, row.found_by, caller)
    versions.ensure(order.version, version=dispute.version, state=dispute.state)
    step = WORKFLOW.take(dispute.state, dispute.version, ACTION_OF[order.ruling], caller.roles)
    duty = await _set_aside(session, dispute, step, order, now, caller)
    changes = {"decision": order.reason, "decided_at": now, "decided_by": caller.sub}
    dispute = await swap(session, dispute, {"state": step.to, **changes})
    details = {"duty": str(dispute.duty_id)}
    where = f"dispute:{dispute_id}"
    await audit_log.write(session, caller.sub, step.audited, where, now, details)
    verdict = row.verdict if duty is None else duty.standing.verdict or Verdict.UNKNOWN
    return row._replace(
        state=dispute.state,
        verdict=verdict,
        decision=dispute.decision,
        decided_at=dispute.decided_at,
        decided_by=dispute.decided_by,
        version=dispute.version,
    )


async def _set_aside(
    session: DecidingSession,
    dispute: Dispute,
    step: DisputeStep,
    order: DisputeDecision,
    now: datetime,
    caller: Caller,
) -> SeenDuty | None:
    """An upheld dispute takes the duty out of the ordinary course, if no other ruling has: the duty
    after it. The turn to judge comes before the row of the dispute, as for all who rule."""
    if not step.sets_finding_aside:
        return None
    return await ruling.uphold_dispute(
        session, dispute.duty_id, dispute.document, order.reason, now, caller
    )


async def set_terms(session: AsyncSession, region: str) -> int:
    """Give open disputes their term, once the holiday notice that it needs is loaded; how many."""
    if region != NATIONAL:
        return 0
    calendar = await calendars.load(session)
    count = 0
    for dispute in await queries.without_term(session):
        due_on = rules.due_on(clock.today(dispute.opened_at), calendar)
        if due_on is not None:
            await queries.put_term(session, dispute.id, due_on)
            count += 1
    return count


async def find(session: AsyncSession, dispute_id: UUID, caller: Caller) -> queries.DisputeRow:
    """Raises NotFound, also for one of a unit that is not the caller's."""
    found = await queries.view(session, dispute_id)
    if found is None or not duties.may_see(caller, found.unit_code):
        raise NotFound
    return found


async def listed(
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    *,
    unit: str | None,
    state: DisputeState | None,
    duty: UUID | None,
    mine: bool,
    overdue: bool,
    due_before: date | None,
    after: UUID | None,
    limit: int,
) -> Sequence[queries.DisputeRow]:
    """Disputes that the caller may see; `mine`: those that they may decide, or for who decides
    none, those of their unit that are not decided.

    Raises NotFound for a unit that is not theirs.
    """
    decided_in = {row.state for row in WORKFLOW.rows if not row.roles.isdisjoint(caller.roles)}
    waiting = decided_in or set(DisputeState) - WORKFLOW.ends
    filters = queries.DisputeFilters(
        units=duties.visible_units(caller, unit),
        state=state,
        duty=duty,
        overdue=overdue,
        today=clock.today(now),
        due_before=due_before,
        waiting=sorted(waiting) if mine else None,
        not_by=caller.sub if decided_in else None,
        own_units=own_units(caller) if decided_in else [],
    )
    return await queries.views(session, filters, after=after, limit=limit)
