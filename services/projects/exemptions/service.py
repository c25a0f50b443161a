"""Use cases of exemptions: one asks with document and article, another grants or refuses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.duties import ruling
from services.projects.duties import service as duties
from services.projects.duties.schemas import Exemption
from services.projects.duties.seen import SeenDuty
from services.projects.exemptions import queries, rules
from services.projects.exemptions.models import ExemptionRequest, ExemptionState
from services.projects.exemptions.schemas import ExemptionDecision, ExemptionRuling
from services.projects.exemptions.workflow import WORKFLOW, ExemptionAction
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
    "这项义务已有人提出豁免，请等候另一人决定",
    "An exemption of this duty is asked for already; please wait for the decision",
)


async def ask(
    session: DecidingSession, duty_id: UUID, order: Exemption, now: datetime, caller: Caller
) -> tuple[SeenDuty, ExemptionRequest]:
    """Ask to exempt the duty, whose verdict stands until another person has decided.

    Raises NotFound, or StateConflict if the duty moved since it was read, cannot be exempted, or
    an exemption is asked for already.
    """
    found = await ruling.note_exemption(session, duty_id, order.version, now, caller)
    if found.exemption_version is not None:
        refuse(ExemptionState.ASKED, found.exemption_version, _ALREADY)
    asked = ExemptionRequest(
        duty_id=duty_id,
        unit_code=found.duty.unit_code,
        document=order.document,
        article=order.article,
        reason=order.reason,
        asked_at=now,
        asked_by=caller.sub,
    )
    queries.add(session, asked)
    details = {"document": order.document, "duty": str(duty_id)}
    where = f"exemption:{asked.id}"
    await audit_log.write(session, caller.sub, "exemption.asked", where, now, details)
    return found, asked


async def decide(
    session: DecidingSession,
    exemption_id: UUID,
    order: ExemptionDecision,
    now: datetime,
    caller: Caller,
) -> queries.ExemptionRow:
    """Decide on it; granted, the duty is exempt.

    Who names no version goes by what is there after whoever is just deciding. Raises NotFound,
    FourEyes for who asked for it, or StateConflict if it is decided already, or if another ruling
    holds the duty meanwhile.
    """
    asked = await session.get(ExemptionRequest, exemption_id)
    if asked is None or not duties.may_see(caller, asked.unit_code):
        raise NotFound
    if order.version is None:
        session.statement.wait_for(asked)
    rules.ensure_another(asked, caller)
    versions.ensure(order.version, version=asked.version, state=asked.state)
    step = WORKFLOW.take(asked.state, asked.version, ACTION_OF[order.ruling], caller.roles)
    # The turn to judge comes before the row of the request, as for all who rule.
    of_duty = await (_grant if step.exempts else _leave)(session, asked, now, caller)
    changes = {"decision": order.reason, "decided_at": now, "decided_by": caller.sub}
    asked = await swap(session, asked, {"state": step.to, **changes})
    details, where = {"duty": str(asked.duty_id)}, f"exemption:{exemption_id}"
    await audit_log.write(session, caller.sub, step.audited, where, now, details)
    return queries.ExemptionRow(**asked.model_dump(), **of_duty)


async def _grant(
    session: DecidingSession, asked: ExemptionRequest, now: datetime, caller: Caller
) -> dict[str, Any]:
    """The duty is exempt; how it is shown then."""
    by = (asked.document, asked.article, asked.reason)
    found = await ruling.grant_exemption(session, asked.duty_id, by, now, caller)
    codes = {"project_code": found.duty.project_code, "item_code": found.duty.item_code}
    return {**codes, "verdict": found.standing.verdict or Verdict.UNKNOWN}


async def _leave(
    session: DecidingSession, asked: ExemptionRequest, now: datetime, caller: Caller
) -> dict[str, Any]:
    """The duty stays as it is; how it is shown."""
    row = await find(session, asked.id, caller)
    return {name: getattr(row, name) for name in ("project_code", "item_code", "verdict")}


async def find(session: AsyncSession, exemption_id: UUID, caller: Caller) -> queries.ExemptionRow:
    """Raises NotFound, also for one of a unit that is not the caller's."""
    found = await queries.view(session, exemption_id)
    if found is None or not duties.may_see(caller, found.unit_code):
        raise NotFound
    return found


async def listed(
    session: AsyncSession,
    caller: Caller,
    *,
    unit: str | None,
    state: ExemptionState | None,
    duty: UUID | None,
    mine: bool,
    after: UUID | None,
    limit: int,
) -> Sequence[queries.ExemptionRow]:
    """Exemptions that the caller may see; `mine`: those that they may decide on.

    Raises NotFound for a unit that is not theirs.
    """
    units = duties.visible_units(caller, unit)
    waits_for = caller.sub if mine else None
    return await queries.views(
        session,
        units=units,
        state=state,
        duty=duty,
        waits_for=waits_for,
        after=after,
        limit=limit,
    )
