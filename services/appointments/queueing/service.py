"""Does one action to a ticket, and writes what that entails.

What it goes by is read at once (`seen`), decided without a further look (`take`), and written by
one statement, in which the ticket comes first and its hall's floor last; `queries` says why.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import settling
from services.appointments.booking.workflow import AppointmentAction
from services.appointments.people import service as people
from services.appointments.people.rules import person_of
from services.appointments.priority import service as priority
from services.appointments.queueing import event_log, queries, rules, seen, shifts
from services.appointments.queueing import statement as statements
from services.appointments.queueing.legs import NextLeg, shortest_leg
from services.appointments.queueing.models import LIVE_INDEXES, Call, Ticket
from services.appointments.queueing.rules import AlreadyTicketed, TransitionInput
from services.appointments.queueing.schemas import Entry, memory, seconds_between
from services.appointments.queueing.seen import SeenTicket
from services.appointments.queueing.undoing import may_take_back, take_back
from services.appointments.queueing.wording import ticket_standing
from services.appointments.queueing.workflow import (
    WORKFLOW,
    Action,
    FollowUp,
    OnCall,
    TicketRow,
    WindowAction,
    guarded,
)
from shared.database.engine import DirectPool
from shared.database.swap_statement import SwapStatement
from shared.errors import Invalid, NotFound, Text
from shared.ids import new_id
from shared.security.crypto import Keyring, is_ticket_key
from shared.security.identity import Caller
from shared.web import versions

_NOT_SERVED = Text("本大厅没有开办这些事项的窗口", "No window of this hall serves these items")
_UNKNOWN = Text("没有这个号，请核对", "There is no such ticket; please check")
_NO_SUCH_WINDOW = Text("该窗口不办理这些事项", "That window does not serve these items")


async def move(
    statement: SwapStatement,
    caller: Caller,
    ticket_id: UUID,
    action: Action,
    now: datetime,
    given: TransitionInput | None = None,
) -> Ticket:
    """The ticket after `action`. Raises NotFound, Forbidden, StateConflict or a guard's problem."""
    given, direct = given or TransitionInput(), statement.direct
    found = await seen.find(direct.fetch, ticket_id, action, wanted=given.items)
    if found is None or not await may_see(direct, caller, found.ticket):
        raise NotFound(_UNKNOWN)
    ticket = found.ticket
    versions.ensure(given.version, version=ticket.version, state=ticket.state)
    if WORKFLOW.get(ticket.state, action) is None:
        await _refuse(direct, caller, found, action, now)
    row = WORKFLOW.take(ticket.state, ticket.version, action, caller.roles)
    return take(statement, found, row, given, caller.sub, now)


async def _refuse(
    direct: DirectPool, caller: Caller, found: SeenTicket, action: Action, now: datetime
) -> None:
    """Raises StateConflict, which offers nothing that a guard, or the undo, would refuse as well:
    that a clerk may do something else is of use only where it can be done.
    """
    ticket, policy = found.ticket, priority.policy(found.policy)
    barred = guarded(ticket, policy, now)
    for row in WORKFLOW.rows:
        if row.state is ticket.state and row.to is None and row.roles & caller.roles:
            with_last = await seen.find(direct.fetch, ticket.id, row.action)
            if with_last is None or not may_take_back(with_last, policy, now):
                barred.add(row.action)
    WORKFLOW.find(ticket.state, ticket.version, action, caller.roles, barred)


async def may_see(source: AsyncSession | DirectPool, caller: Caller, ticket: Ticket) -> bool:
    """Whether it is their own, as it is listed, or of a hall that they act for."""
    return caller.at(ticket.hall_code) or await people.owns(source, caller, ticket)


async def shown(
    session: AsyncSession, keyring: Keyring, ticket_id: UUID, caller: Caller | None, key: str | None
) -> Ticket:
    """The ticket, for who has its key or may see it. Raises NotFound, for all others as well."""
    ticket = await queries.ticket(session, ticket_id)
    if ticket is not None and is_ticket_key(keyring, ticket.visit_id, key or ""):
        return ticket
    if ticket is None or caller is None or not await may_see(session, caller, ticket):
        raise NotFound(_UNKNOWN)
    return ticket


async def at_hall(session: AsyncSession, ticket_id: UUID, caller: Caller) -> Ticket:
    """The ticket, for who acts for its hall. Raises NotFound, for all others as well."""
    ticket = await queries.ticket(session, ticket_id)
    if ticket is None or not caller.at(ticket.hall_code):
        raise NotFound(_UNKNOWN)
    return ticket


async def lock_floor(session: AsyncSession, hall_code: str) -> None:
    """Let nothing else happen on the hall's floor until the transaction ends."""
    statement = SwapStatement()
    shifts.lock_floor(statement, hall_code)
    await statement.write_in(session)


async def change_windows(session: AsyncSession, hall_code: str) -> None:
    """Lets no ticket be issued or sent on until the windows have changed; before any other lock."""
    await queries.change_windows(session, hall_code)


async def keep_windows(session: AsyncSession, hall_code: str) -> None:
    """The hall's windows serve what they serve now until the transaction ends."""
    await queries.keep_windows(session, hall_code)


def keep_serving(
    statement: SwapStatement, hall_code: str, window: UUID, items: Sequence[str]
) -> None:
    """The window still serves the items when the statement is written."""
    statements.keep_serving(statement, hall_code, window, items)


def take(
    statement: SwapStatement,
    found: SeenTicket,
    row: TicketRow,
    given: TransitionInput,
    actor: str,
    now: datetime,
) -> Ticket:
    """The ticket after the action of the row; whoever asks may do so. Raises what `move` raises."""
    ticket = found.ticket
    policy = priority.policy(found.policy)
    for guard in row.guards:
        guard(ticket, policy, now)
    if row.to is None:
        return take_back(statement, found, policy, actor, now)
    onward = _onward(statement, found, row)
    if row.follow_up is FollowUp.NEW_LEG:
        _ensure_leads_on(statement, found, given)
    before = memory(ticket)
    values = {"state": row.to, "state_since": now, **row.changes(ticket, given, now)}
    if onward is not None:
        values["next_leg_id"] = new_id()
    statement.swap(ticket, values, says=ticket_standing)
    if row.follow_up is FollowUp.NEW_LEG or onward is not None:
        people.take_seen_turns(statement, person_of(ticket), found.turns)
    if found.call is not None:
        _change_call(statement, found.call, row, now)
    entry = _entry(found, row, actor, now)
    entry = entry.model_copy(update={"outcome": given.outcome, "before": before})
    further = _follow_up(statement, found, row, given, actor, now)
    if onward is not None:
        further = [*further, _opened(statement, _following(found, onward, now), actor, now)]
    event_log.append(statement, (ticket, entry), *further)
    if row.call.ends and found.window is not None:
        shifts.move_by_itself(statement, found.window, WindowAction.RUN_DRY, now)
    return ticket


def _entry(found: SeenTicket, row: TicketRow, actor: str, now: datetime) -> Entry:
    """What the log says of what has just happened to the ticket."""
    call = found.call
    return Entry(
        action=row.action,
        event=row.event,
        actor=actor,
        at=now,
        from_state=row.state,
        call_id=call.id if call else None,
        served_seconds=_served_seconds(call, row, now),
        reason=row.reason,
        next_ticket_id=found.ticket.next_leg_id,
    )


def _ensure_leads_on(statement: SwapStatement, found: SeenTicket, given: TransitionInput) -> None:
    """A window that could call the new leg can still do so when it is written.

    Raises Invalid when there is none, AlreadyTicketed when the person waits for the same with
    another ticket.
    """
    if given.window_id is not None:
        if given.window_id not in found.serving:
            raise Invalid(_NO_SUCH_WINDOW, pointer="/body/window_id")
    elif not found.serving:
        raise Invalid(_NOT_SERVED, pointer="/body/items")
    if found.other is not None:
        raise rules.waits_there_already(found.other)
    ticket, window = found.ticket, given.window_id or found.serving[0]
    statements.keep_serving(statement, ticket.hall_code, window, given.items or ticket.items)


def _change_call(statement: SwapStatement, call: Call, row: TicketRow, now: datetime) -> None:
    """The call that has the ticket at a window, ended or started by the action."""
    if row.call.ends:
        statements.end_call(statement, call.id, row.action.value, now)
    elif row.call is OnCall.STARTS_SERVICE:
        statements.serve_call(statement, call.id, now)


def _served_seconds(call: Call | None, row: TicketRow, now: datetime) -> float | None:
    """How long the person was served; not known of a call that nobody ended."""
    if call is None or row.call is not OnCall.ENDS:
        return None
    return seconds_between(call.started_at, now)


def _follow_up(
    statement: SwapStatement,
    found: SeenTicket,
    row: TicketRow,
    given: TransitionInput,
    actor: str,
    now: datetime,
) -> list[tuple[Ticket, Entry]]:
    """What else the action brings about; of other tickets also what the log says."""
    match row.follow_up:
        case FollowUp.CASE_FINISHED:
            event_log.publish_finished_case(statement, found.ticket, found.item, now)
            _settle(statement, found, AppointmentAction.SERVE, now)
        case FollowUp.NO_SHOW:
            _settle(statement, found, AppointmentAction.MISS, now)
        case FollowUp.LAPSE:
            _settle(statement, found, AppointmentAction.LAPSE, now)
        case FollowUp.NEW_LEG:
            return [_opened(statement, _sent_on(found, given, now), actor, now)]
    return []


def _onward(statement: SwapStatement, found: SeenTicket, row: TicketRow) -> NextLeg | None:
    """What comes after a leg that is finished, of a ticket with items at other windows; the window
    goes on serving it until it is written."""
    ticket = found.ticket
    if row.follow_up is not FollowUp.CASE_FINISHED or not ticket.pending:
        return None
    leg = shortest_leg(ticket.pending, found.windows, found.lines, alone=found.booked)
    if leg is not None:
        statements.keep_serving(statement, ticket.hall_code, leg.window_id, leg.items)
    return leg


def _following(found: SeenTicket, onward: NextLeg, now: datetime) -> Ticket:
    return rules.next_leg(
        found.ticket,
        found.legs + 1,
        onward.items,
        now,
        pending=onward.pending,
        appointment_id=found.booked.get(onward.items[0]),
    )


def _sent_on(found: SeenTicket, given: TransitionInput, now: datetime) -> Ticket:
    """The leg of a transfer, which has its own to come but for what it takes up now."""
    ticket = found.ticket
    items = given.items or ticket.items
    pending = [item for item in ticket.pending if item not in items]
    return rules.next_leg(
        ticket,
        found.legs + 1,
        items,
        now,
        pending=pending,
        appointment_id=ticket.appointment_id,
        window_id=given.window_id,
    )


def _opened(
    statement: SwapStatement, leg: Ticket, actor: str, now: datetime
) -> tuple[Ticket, Entry]:
    """The new leg, and what the log says of it."""
    statement.insert(leg)
    for index in LIVE_INDEXES:
        statement.refusing(index, AlreadyTicketed)
    return leg, Entry(action="continue", event="issued", actor=actor, at=now)


def _settle(
    statement: SwapStatement, found: SeenTicket, action: AppointmentAction, now: datetime
) -> None:
    if found.appointment is not None:
        settling.settle(statement, found.appointment, action, now)
