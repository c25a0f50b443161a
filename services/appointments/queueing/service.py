"""Takes a ticket along one edge of the state machine, and writes what that entails.

Every function locks the hall's floor (through `queries.next_seq`) before it changes anything.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.priority import service as priority
from services.appointments.priority.rules import returned_standing
from services.appointments.priority.schemas import Policy
from services.appointments.queueing import event_log, queries, rules
from services.appointments.queueing.models import (
    Call,
    Outcome,
    Ticket,
    TicketState,
    WindowAtWork,
    WindowState,
)
from services.appointments.queueing.rules import Action, Edge
from services.appointments.queueing.schemas import Entry, memory, seconds_between
from services.appointments.queueing.undoing import take_back
from shared.errors import Forbidden, Invalid, NotFound, StateConflict, Text
from shared.identity import Caller
from shared.ids import new_id

_NOT_SERVED = Text("本大厅没有开办这些事项的窗口", "No window of this hall serves these items")
_NO_SUCH_WINDOW = Text("该窗口不办理这些事项", "That window does not serve these items")


@dataclass(frozen=True)
class Wish:
    """What the caller says beyond the action itself."""

    version: int | None = None
    outcome: Outcome | None = None
    missing: tuple[str, ...] = ()
    items: tuple[str, ...] | None = None
    window_id: UUID | None = None


@dataclass(frozen=True)
class Step:
    """One edge being taken: everything that the side effects need to know."""

    ticket: Ticket
    edge: Edge
    wish: Wish
    policy: Policy
    actor: str
    now: datetime
    seq: int
    call: Call | None
    before: dict[str, Any]


async def find(session: AsyncSession, ticket_id: UUID) -> Ticket:
    """The ticket. Raises NotFound."""
    ticket = await queries.ticket(session, ticket_id)
    if ticket is None:
        raise NotFound
    return ticket


async def move(
    session: AsyncSession,
    caller: Caller,
    ticket_id: UUID,
    action: Action,
    now: datetime,
    wish: Wish | None = None,
) -> Ticket:
    """The ticket after `action`. Raises NotFound, Forbidden, StateConflict or a guard's problem."""
    ticket = await find(session, ticket_id)
    if not _may_see(caller, ticket):
        raise NotFound
    edge = rules.edge_from(ticket, action)
    if not caller.has(*edge.roles):
        raise Forbidden
    return await take(session, ticket, edge, wish or Wish(), caller.sub, now)


async def lock_floor(session: AsyncSession, hall_code: str) -> None:
    """Let nothing else happen on the hall's floor until the transaction ends."""
    await queries.lock_floor(session, hall_code)


async def next_seq(session: AsyncSession, hall_code: str) -> int:
    """The number of the hall's next event; nothing else happens there until the commit."""
    return await queries.next_seq(session, hall_code)


async def next_number(session: AsyncSession, hall_code: str, day: date, letter: str) -> int:
    """The next number of the hall's series on that day."""
    return await queries.next_number(session, hall_code, day, letter)


async def items_at_windows(session: AsyncSession, hall_code: str) -> dict[UUID, set[str]]:
    """What each window of the hall serves."""
    return await queries.items_at_windows(session, hall_code)


async def live_by_appointment(session: AsyncSession, appointment_id: UUID) -> Ticket | None:
    """The ticket that the appointment already has."""
    return await queries.live_by_appointment(session, appointment_id)


async def live_by_evidence(session: AsyncSession, ticket: Ticket) -> Ticket | None:
    """Another ticket of the hall and day that stands on the same evidence."""
    index = ticket.evidence_index or ""
    return await queries.live_by_evidence(session, ticket.hall_code, ticket.service_day, index)


async def append(session: AsyncSession, ticket: Ticket, entry: Entry) -> None:
    """Log what happened to the ticket, and promise its event to the bus."""
    await event_log.append(session, ticket, entry)


async def settle_window(session: AsyncSession, window: WindowAtWork, now: datetime) -> WindowAtWork:
    """Tell of the window's change; a draining one with nobody there is closed at once."""
    await event_log.record_window(session, window)
    if window.state is not WindowState.DRAINING:
        return window
    if await queries.live_at_window(session, window.window_id) is not None:
        return window
    return await event_log.close_drained(session, window.window_id, now) or window


async def take(
    session: AsyncSession, ticket: Ticket, edge: Edge, wish: Wish, actor: str, now: datetime
) -> Ticket:
    """The ticket after the edge; whoever asks may do so. Raises what `move` raises."""
    if wish.version is not None and wish.version != ticket.version:
        raise StateConflict(state=ticket.state.value, version=ticket.version)
    policy = await priority.policy_of(session, ticket.hall_code)
    for guard in edge.guards:
        guard(ticket, policy, now)
    seq = await queries.next_seq(session, ticket.hall_code)
    call = await queries.live_call(session, ticket.id)
    step = Step(ticket, edge, wish, policy, actor, now, seq, call, memory(ticket))
    if edge.action is Action.UNDO:
        return await take_back(session, ticket, policy, actor, now, seq)
    changed = await event_log.swap(session, ticket, await _values(session, step))
    await _write(session, replace(step, ticket=changed))
    return changed


def _may_see(caller: Caller, ticket: Ticket) -> bool:
    return caller.at(ticket.hall_code) or (ticket.owner is not None and ticket.owner == caller.sub)


async def _values(session: AsyncSession, step: Step) -> dict[str, Any]:
    """The columns that the edge changes, its state among them."""
    values: dict[str, Any] = {"state": step.edge.next, "state_since": step.now}
    match step.edge.action:
        case Action.RECALL:
            values |= {"last_called_at": step.now, "recalls": step.ticket.recalls + 1}
        case Action.FINISH:
            values |= {"outcome": step.wish.outcome, "missing": list(step.wish.missing)}
        case Action.TRANSFER:
            values |= {"next_leg_id": await _next_leg_id(session, step)}
        case Action.RESUME:
            values |= _back_in_line(step)
    return values


def _back_in_line(step: Step) -> dict[str, Any]:
    """Waiting again: a parked ticket keeps its place, a missed one half of its earlier wait."""
    ticket, values = step.ticket, dict.fromkeys(("window_id", "window_no", "called_at"))
    values |= {"last_called_at": None, "recalls": 0}
    if ticket.state is TicketState.MISSED:
        called_at = ticket.called_at or ticket.state_since
        place = returned_standing(ticket.ready_at, called_at, ticket.credit_minutes, step.now)
        values |= {"ready_at": place.ready_at, "due_at": place.due_at}
    return values


async def _next_leg_id(session: AsyncSession, step: Step) -> UUID:
    """The id that the new leg will have; raises Invalid when nobody could call it."""
    items = set(step.wish.items or step.ticket.items)
    served = await queries.items_at_windows(session, step.ticket.hall_code)
    if step.wish.window_id is not None:
        if not items <= served.get(step.wish.window_id, set()):
            raise Invalid(_NO_SUCH_WINDOW, pointer="/body/window")
    elif not any(items <= window for window in served.values()):
        raise Invalid(_NOT_SERVED, pointer="/body/items")
    return new_id()


async def _write(session: AsyncSession, step: Step) -> None:
    """The log entry and event of the edge, then what follows from it."""
    call, served = step.call, None
    if call is not None and step.edge.ends_call:
        served = seconds_between(call.started_at, step.now)
    entry = Entry(
        action=step.edge.action,
        event=step.edge.event,
        hall_seq=step.seq,
        actor=step.actor,
        at=step.now,
        from_state=step.edge.state,
        call_id=call.id if call else None,
        served_seconds=served,
        outcome=step.wish.outcome,
        before=step.before,
        next_ticket_id=step.ticket.next_leg_id,
    )
    await event_log.append(session, step.ticket, entry)
    follow = _FOLLOWS.get(step.edge.action)
    if follow is not None:
        await follow(session, step)
    if call is not None and step.edge.ends_call:
        await event_log.end_call(session, call, step.edge.action, step.now)


async def _start_service(session: AsyncSession, step: Step) -> None:
    if step.call is not None:
        step.call.started_at = step.now
        session.add(step.call)


async def _finish_case(session: AsyncSession, step: Step) -> None:
    await event_log.record_finished_case(session, step.ticket, step.now)


async def _open_next_leg(session: AsyncSession, step: Step) -> None:
    if (leg_id := step.ticket.next_leg_id) is None:
        return
    await event_log.open_leg(
        session,
        step.ticket,
        leg_id=leg_id,
        items=list(step.wish.items or step.ticket.items),
        window_id=step.wish.window_id,
        actor=step.actor,
        now=step.now,
    )


async def _give_up_appointment(session: AsyncSession, step: Step) -> None:
    await event_log.record_no_show(session, step.ticket, step.now)


_FOLLOWS: dict[Action, Callable[[AsyncSession, Step], Awaitable[None]]] = {
    Action.SERVE: _start_service,
    Action.FINISH: _finish_case,
    Action.TRANSFER: _open_next_leg,
    Action.CLOSE: _give_up_appointment,
}
