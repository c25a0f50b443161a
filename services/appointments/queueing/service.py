"""Does one action to a ticket, and writes what that entails.

The ticket is swapped first, its entry in the log comes last; `queries` says why.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.people import service as people
from services.appointments.priority import service as priority
from services.appointments.queueing import event_log, queries
from services.appointments.queueing.models import (
    Call,
    Ticket,
    WindowAtWork,
)
from services.appointments.queueing.rules import TransitionInput, waits_there_already
from services.appointments.queueing.schemas import Entry, memory, seconds_between
from services.appointments.queueing.undoing import take_back
from services.appointments.queueing.wording import ticket_standing
from services.appointments.queueing.workflow import (
    WINDOWS,
    WORKFLOW,
    Action,
    FollowUp,
    OnCall,
    TicketRow,
    WindowAction,
)
from shared.database.versioned import swap
from shared.errors import Invalid, NotFound, Text
from shared.security.identity import Caller
from shared.web import versions

_NOT_SERVED = Text("本大厅没有开办这些事项的窗口", "No window of this hall serves these items")
_UNKNOWN = Text("没有这个号，请核对", "There is no such ticket; please check")
_NO_SUCH_WINDOW = Text("该窗口不办理这些事项", "That window does not serve these items")


async def find(session: AsyncSession, ticket_id: UUID) -> Ticket:
    """The ticket. Raises NotFound."""
    ticket = await queries.ticket(session, ticket_id)
    if ticket is None:
        raise NotFound(_UNKNOWN)
    return ticket


async def move(
    session: AsyncSession,
    caller: Caller,
    ticket_id: UUID,
    action: Action,
    now: datetime,
    given: TransitionInput | None = None,
) -> Ticket:
    """The ticket after `action`. Raises NotFound, Forbidden, StateConflict or a guard's problem."""
    ticket = await find(session, ticket_id)
    if not await may_see(session, caller, ticket):
        raise NotFound(_UNKNOWN)
    given = given or TransitionInput()
    versions.ensure(given.version, version=ticket.version, state=ticket.state)
    row = WORKFLOW.take(ticket.state, ticket.version, action, caller.roles)
    return await take(session, ticket, row, given, caller.sub, now)


async def lock_floor(session: AsyncSession, hall_code: str) -> None:
    """Let nothing else happen on the hall's floor until the transaction ends."""
    await queries.lock_floor(session, hall_code)


async def change_windows(session: AsyncSession, hall_code: str) -> None:
    """Lets no ticket be issued or sent on until the windows have changed; before any other lock."""
    await queries.change_windows(session, hall_code)


async def items_at_windows(session: AsyncSession, hall_code: str) -> dict[UUID, set[str]]:
    """What each window of the hall serves, and goes on serving until the transaction ends."""
    await queries.keep_windows(session, hall_code)
    return await queries.items_at_windows(session, hall_code)


async def other_of_person(session: AsyncSession, ticket: Ticket) -> Ticket | None:
    """Another live ticket of the same person in the hall, for one of the same items."""
    return await queries.other_of_person(session, ticket, ticket.items)


async def settle_window(session: AsyncSession, window: WindowAtWork, now: datetime) -> WindowAtWork:
    """Publish the window's change; a draining one with nobody there is closed at once."""
    await event_log.record_window(session, window)
    if WINDOWS.get(window.state, WindowAction.RUN_DRY) is None:
        return window
    if await queries.live_at_window(session, window.window_id) is not None:
        return window
    return await event_log.close_drained(session, window.window_id, now) or window


async def take(
    session: AsyncSession,
    ticket: Ticket,
    row: TicketRow,
    given: TransitionInput,
    actor: str,
    now: datetime,
) -> Ticket:
    """The ticket after the action of the row; whoever asks may do so. Raises what `move` raises."""
    policy = await priority.policy_of(session, ticket.hall_code)
    for guard in row.guards:
        guard(ticket, policy, now)
    if row.to is None:
        return await take_back(session, ticket, policy, actor, now)
    before = memory(ticket)
    if row.follow_up is FollowUp.NEW_LEG:
        await _ensure_served(session, ticket, given)
        items = list(given.items or ticket.items)
        if (other := await queries.other_of_person(session, ticket, items)) is not None:
            raise waits_there_already(other)
    values = {"state": row.to, "state_since": now, **row.changes(ticket, given, now)}
    changed = await swap(session, ticket, values, says=ticket_standing)
    call = await _change_call(session, changed, row, now)
    leg = await _follow_up(session, changed, row, given, now)
    entry = _entry(changed, row, call, actor, now)
    entry = entry.model_copy(update={"outcome": given.outcome, "before": before})
    await event_log.append(session, changed, entry)
    if leg is not None:
        opened = Entry(action="continue", event="issued", actor=actor, at=now)
        await event_log.append(session, leg, opened)
    if call is not None and row.call.ends:
        await event_log.close_drained(session, call.window_id, now)
    return changed


def _entry(ticket: Ticket, row: TicketRow, call: Call | None, actor: str, now: datetime) -> Entry:
    """What the log says of what has just happened to the ticket."""
    return Entry(
        action=row.action,
        event=row.event,
        actor=actor,
        at=now,
        from_state=row.state,
        call_id=call.id if call else None,
        served_seconds=_served_seconds(call, row, now),
        reason=row.reason,
        next_ticket_id=ticket.next_leg_id,
    )


async def may_see(session: AsyncSession, caller: Caller, ticket: Ticket) -> bool:
    """Whether it is their own, as it is listed, or of a hall that they act for."""
    return caller.at(ticket.hall_code) or await people.owns(session, caller, ticket)


async def _ensure_served(session: AsyncSession, ticket: Ticket, given: TransitionInput) -> None:
    """Raises Invalid when no window could call the new leg."""
    items = set(given.items or ticket.items)
    served = await items_at_windows(session, ticket.hall_code)
    if given.window_id is not None:
        if not items <= served.get(given.window_id, set()):
            raise Invalid(_NO_SUCH_WINDOW, pointer="/body/window_id")
    elif not any(items <= window for window in served.values()):
        raise Invalid(_NOT_SERVED, pointer="/body/items")


async def _change_call(
    session: AsyncSession, ticket: Ticket, row: TicketRow, now: datetime
) -> Call | None:
    """The call that has the ticket at a window, ended or started by the action."""
    if row.call.ends:
        ended = {"ended_at": now, "ended_by": row.action.value}
        return await queries.change_live_call(session, ticket.id, ended)
    if row.call is OnCall.STARTS_SERVICE:
        return await queries.change_live_call(session, ticket.id, {"started_at": now})
    return await queries.live_call(session, ticket.id) if row.call is OnCall.NOTED else None


def _served_seconds(call: Call | None, row: TicketRow, now: datetime) -> float | None:
    """How long the person was served; not known of a call that nobody ended."""
    if call is None or row.call is not OnCall.ENDS:
        return None
    return seconds_between(call.started_at, now)


async def _follow_up(
    session: AsyncSession, ticket: Ticket, row: TicketRow, given: TransitionInput, now: datetime
) -> Ticket | None:
    """What else the action brings about; the new leg, if it opens one."""
    match row.follow_up:
        case FollowUp.CASE_FINISHED:
            await event_log.record_finished_case(session, ticket, now)
        case FollowUp.NO_SHOW:
            await event_log.record_no_show(session, ticket, now)
        case FollowUp.LAPSE:
            await event_log.record_lapse(session, ticket, now)
        case FollowUp.NEW_LEG if ticket.next_leg_id is not None:
            return await event_log.open_leg(
                session,
                ticket,
                leg_id=ticket.next_leg_id,
                items=list(given.items or ticket.items),
                window_id=given.window_id,
                now=now,
            )
    return None
