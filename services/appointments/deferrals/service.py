"""Papers that may follow: promised at the window, handed in, or taken back."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.appointments.deferrals import queries, rules
from services.appointments.deferrals.events import DeferralPromised
from services.appointments.deferrals.models import Deferral
from services.appointments.deferrals.publishing import of_change
from services.appointments.deferrals.schemas import DeferralIn
from services.appointments.deferrals.workflow import WORKFLOW, DeferralAction
from services.appointments.people.rules import ACCOUNT
from services.appointments.queueing.models import TicketState
from shared import clock
from shared.database import calendar_days
from shared.database.engine import DirectPool
from shared.database.swap_statement import SwapStatement
from shared.errors import NotFound, Text
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

REASON = "deferral.reason"
STAFF = ("clerk", "hall_manager")
_AT_HAND = (TicketState.SERVING, TicketState.DONE)
JUST_SERVED = timedelta(days=1)
"""So long after a service what was promised then can still be written down."""
_NO_TICKET = Text("没有这个号", "There is no such ticket")
_UNKNOWN = Text("没有找到这份容缺承诺", "There is no such promise")
_NOT_SERVED = Text(
    "只有正在办理或刚办完的号可以容缺受理", "Only for a ticket that is being or was served"
)
_LAPSED = Text(
    "这个号承诺补交的材料已逾期，这件事按未受理处理，不能再承诺；材料已到的，由大厅负责人补收",
    "The papers promised for this ticket are overdue and the matter counts as not taken up: there"
    " is no second promise. If they are there, the hall's manager may still take them",
)


async def promise(
    swap: SwapStatement, wanted: DeferralIn, caller: Caller, now: datetime
) -> Deferral:
    """A new one. Raises NotFound, StateConflict, Invalid, AlreadyPromised."""
    ticket = await queries.ticket(swap.direct, wanted.ticket_id)
    if ticket is None or not caller.at(ticket.hall_code):
        raise NotFound(_NO_TICKET)
    is_over = ticket.state == TicketState.DONE and ticket.since >= now - JUST_SERVED
    if not (is_over or ticket.state == TicketState.SERVING):
        refuse(ticket.state, ticket.version, _NOT_SERVED)
    if ticket.has_lapsed:
        refuse(ticket.state, ticket.version, _LAPSED)
    names = rules.names_of(wanted.materials, ticket.materials)
    today = clock.today(now)
    days = rules.days_of(today, wanted.workdays, await calendar_days.load(swap.direct))
    key = ticket.citizen_key or ""
    one = Deferral(
        hall_code=ticket.hall_code,
        item_code=ticket.item_code,
        guide_version=ticket.guide_version,
        ticket_id=wanted.ticket_id,
        owner=key.removeprefix(ACCOUNT) if key.startswith(ACCOUNT) else None,
        materials=names,
        accepted_on=today,
        due_on=days.due_on,
        remind_on=days.remind_on,
        accepted_by=caller.sub,
    )
    queries.keep_at_hand(swap, wanted.ticket_id, _AT_HAND)
    swap.insert(one)
    swap.refusing("uq_deferral_open", rules.AlreadyPromised)
    outbox.promise(swap, of_change(DeferralPromised, one))
    return one


async def visible(direct: DirectPool, deferral_id: UUID, caller: Caller) -> Deferral:
    """The caller's own, or one of a hall where they work. Raises NotFound."""
    found = await queries.find(direct, deferral_id)
    works = found is not None and caller.has(*STAFF) and caller.at(found.hall_code)
    if found is None or not (works or found.owner == caller.sub):
        raise NotFound(_UNKNOWN)
    return found


async def supply(
    swap: SwapStatement, deferral_id: UUID, version: int | None, caller: Caller, now: datetime
) -> Deferral:
    """All was handed in; after the last day only the manager takes it. Raises NotFound,
    StateConflict, Forbidden."""
    return await _take(swap, deferral_id, DeferralAction.SUPPLY, version, caller, now)


async def cancel(
    swap: SwapStatement,
    keyring: Keyring,
    deferral_id: UUID,
    reason: str,
    version: int | None,
    caller: Caller,
    now: datetime,
) -> Deferral:
    """It was recorded by mistake. Raises NotFound, StateConflict."""
    sealed = keyring.seal(reason, where=REASON, row=str(deferral_id))
    action = DeferralAction.CANCEL
    return await _take(swap, deferral_id, action, version, caller, now, reason_sealed=sealed)


async def _take(
    swap: SwapStatement,
    deferral_id: UUID,
    action: DeferralAction,
    version: int | None,
    caller: Caller,
    now: datetime,
    **values: Any,
) -> Deferral:
    one = await visible(swap.direct, deferral_id, caller)
    versions.ensure(version, version=one.version, state=one.state)
    row = WORKFLOW.take(one.state, one.version, action, caller.roles)
    settled = {"settled_at": now, "settled_by": caller.sub}
    swap.swap(one, {"state": row.to, **settled, **values})
    outbox.promise(swap, of_change(row.event, one))
    return one
