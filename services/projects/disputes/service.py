"""Use cases of disputes: a finding is disputed, and decided on by somebody else."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.calendar import service as calendars
from services.projects.calendar.models import NATIONAL
from services.projects.disputes import queries, rules
from services.projects.disputes.models import Dispute, DisputeState
from services.projects.disputes.schemas import DisputeDecision, DisputeRuling
from services.projects.disputes.workflow import WORKFLOW, DisputeAction, DisputeStep
from services.projects.duties import ruling
from services.projects.duties import service as duties
from services.projects.duties.schemas import Ruling
from shared import clock
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
    session: AsyncSession, duty_id: UUID, order: Ruling, now: datetime, caller: Caller
) -> None:
    """Open a dispute about the duty's verdict, which stands until another person decides.

    Raises NotFound, or StateConflict if the duty moved since it was read, is outside the ordinary
    course, or has an open dispute already.
    """
    await auditing.take_turn(session)
    duty = await ruling.note_dispute(session, duty_id, order.version, caller)
    dispute = Dispute(
        duty_id=duty_id,
        unit_code=duty.unit_code,
        disputed_verdict=await queries.verdict_of(session, duty_id),
        document=order.document,
        reason=order.reason,
        opened_at=now,
        opened_by=caller.sub,
        due_on=rules.due_on(clock.today(now), await calendars.load(session)),
    )
    if not await queries.insert_dispute(session, dispute):
        known = await queries.open_of(session, duty_id)
        refuse(DisputeState.OPEN, known.version if known else 1, _ALREADY)
    details = {"document": order.document, "duty": str(duty_id)}
    where = f"dispute:{dispute.id}"
    await audit_log.write(session, caller.sub, "dispute.opened", where, now, details)


async def decide(
    session: AsyncSession, dispute_id: UUID, order: DisputeDecision, now: datetime, caller: Caller
) -> queries.DisputeRow:
    """Decide the dispute; upheld, the finding no longer counts.

    Raises NotFound, FourEyes for its opener, or StateConflict if it is decided already.
    """
    await auditing.take_turn(session)
    dispute = await session.get(Dispute, dispute_id)
    if dispute is None or not duties.may_see(caller, dispute.unit_code):
        raise NotFound
    rules.ensure_another(dispute, caller)
    versions.ensure(order.version, version=dispute.version, state=dispute.state)
    step = WORKFLOW.take(dispute.state, dispute.version, ACTION_OF[order.ruling], caller.roles)
    changes = {"decision": order.reason, "decided_at": now, "decided_by": caller.sub}
    await swap(session, dispute, {"state": step.to, **changes})
    await _set_aside(session, dispute, step, order, now, caller)
    details = {"duty": str(dispute.duty_id)}
    where = f"dispute:{dispute_id}"
    await audit_log.write(session, caller.sub, step.audited, where, now, details)
    return await find(session, dispute_id, caller)


async def _set_aside(
    session: AsyncSession,
    dispute: Dispute,
    step: DisputeStep,
    order: DisputeDecision,
    now: datetime,
    caller: Caller,
) -> None:
    """An upheld dispute takes the duty out of the ordinary course, if no other ruling has."""
    if step.sets_finding_aside:
        document = dispute.document
        await ruling.uphold_dispute(session, dispute.duty_id, document, order.reason, now, caller)


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
    *,
    unit: str | None,
    state: DisputeState | None,
    duty: UUID | None,
    after: UUID | None,
    limit: int,
) -> Sequence[queries.DisputeRow]:
    """Disputes that the caller may see. Raises NotFound for a unit that is not theirs."""
    units = duties.visible_units(caller, unit)
    return await queries.views(
        session, units=units, state=state, duty=duty, after=after, limit=limit
    )
