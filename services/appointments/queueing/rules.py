"""When a ticket may move, and which of its columns that changes. Pure: no clock, no database."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.appointments.priority.rules import returned_standing
from services.appointments.priority.schemas import Policy
from services.appointments.queueing.models import OVER, Outcome, Ticket, TicketState
from services.appointments.queueing.schemas import TicketMemory
from services.appointments.queueing.wording import TICKET_STATES, refuse_ticket
from shared.errors import Conflict, Text, counted
from shared.ids import new_id


class RecallTooSoon(Conflict):
    type = "/problems/recall-too-soon"
    title = Text("距上次叫号不足一分钟", "The last call was less than a minute ago")
    advice = Text("请稍等片刻再重呼", "Please wait a moment before the next recall")


class RecallsSpent(Conflict):
    type = "/problems/recalls-spent"
    title = Text("重呼次数已用完", "No recalls are left")
    advice = Text("请按“过号”，再叫下一位", "Mark it missed and call the next")


class TooLateToReturn(Conflict):
    type = "/problems/too-late-to-return"
    title = Text("过号已超过保留时间", "It is too late to return")
    advice = Text("请到取号机重新取号", "Please take a new ticket at the kiosk")


class NothingToUndo(Conflict):
    type = "/problems/nothing-to-undo"
    title = Text(
        "没有可撤销的操作，或已超过撤销时间", "Nothing to undo, or the time for it is over"
    )
    advice = Text("请按现在的状态继续办理", "Please go on from the present state")


class WindowBusy(Conflict):
    type = "/problems/window-busy"
    title = Text("该窗口正在接待另一位群众", "The window is with another person")
    advice = Text(
        "叫到的群众还没有来，请先开始办理或过号；已在办理，请先办结、转办或让其暂离",
        "Begin to serve who was called, or mark them as missed; who is being served: finish, park "
        "or transfer the ticket first",
    )


class LegAlreadyCalled(Conflict):
    """Also of a leg that has ended otherwise: what became of it stands in the detail."""

    type = "/problems/leg-already-called"
    title = Text(
        "转办后的号已不在等候，不能撤销转办",
        "The new leg waits no more; the transfer cannot be undone",
    )
    advice = Text("请在新窗口继续办理", "Please go on at the new window")


def leg_goes_on(leg: Ticket | None) -> LegAlreadyCalled:
    """The refusal in the words of what became of the leg that the transfer opened."""
    if leg is None:
        return LegAlreadyCalled()
    now_is = TICKET_STATES[leg.state]
    if leg.state in OVER:
        zh, en = "还要办理的，请让群众重新取号", "who still needs it takes a new ticket"
    else:
        zh, en = "请在新窗口继续办理", "please go on at the new window"
    return LegAlreadyCalled(
        Text(
            f"转办后的 {leg.number} 号现在是“{now_is.zh}”；{zh}",
            f"Number {leg.number} was sent on and is {now_is.en} now; {en}",
        )
    )


class TicketedAgain(Conflict):
    type = "/problems/ticketed-again"
    title = Text(
        "群众已另取新号，不能撤销",
        "The person has taken a new ticket",
    )
    advice = Text("请叫新号继续办理", "Please go on with the new ticket")


class AlreadyTicketed(Conflict):
    """One place at a time for an appointment, for a proof, and for what an account comes for.

    Members `ticket_id`, `number` and `state` name the present ticket, where it is the caller's.
    """

    type = "/problems/already-ticketed"
    title = Text("已经取过号", "There is a ticket already")
    advice = Text("请用已取的号等候叫号", "Please wait with the ticket that was issued")


def already_ticketed(present: Ticket) -> AlreadyTicketed:
    """The refusal that names the ticket to go on with."""
    if present.state is TicketState.MISSED:
        detail = Text(
            f"您的 {present.number} 号已过号，请到窗口或取号机恢复排队",
            f"Your number {present.number} was called; ask at a window or kiosk to wait again",
        )
    else:
        detail = Text(
            f"您已有 {present.number} 号，请凭此号办理；不再需要时可先放弃",
            f"You have number {present.number}; go on with it, or give it up first",
        )
    return AlreadyTicketed(
        detail, ticket_id=str(present.id), number=present.number, state=present.state.value
    )


def waits_there_already(other: Ticket) -> AlreadyTicketed:
    """For the staff who send somebody on to what they hold another ticket for."""
    detail = Text(
        f"群众已有 {other.number} 号办理该事项：请让其凭该号等候，本号办结即可",
        f"They hold number {other.number} for it: let them go on with that one, and finish this",
    )
    return AlreadyTicketed(
        detail, ticket_id=str(other.id), number=other.number, state=other.state.value
    )


@dataclass(frozen=True)
class TransitionInput:
    """What the caller says beyond the action itself."""

    version: int | None = None
    outcome: Outcome | None = None
    missing: tuple[str, ...] = ()
    items: tuple[str, ...] | None = None
    window_id: UUID | None = None


Guard = Callable[[Ticket, Policy, datetime], None]


def may_recall(ticket: Ticket, policy: Policy, now: datetime) -> None:
    """Raises RecallsSpent or RecallTooSoon."""
    if ticket.recalls >= policy.recalls_max:
        raise RecallsSpent(recalls=ticket.recalls)
    last_called_at = ticket.last_called_at or ticket.state_since
    again_at = last_called_at + timedelta(seconds=policy.recall_gap_seconds)
    if now < again_at:
        seconds = math.ceil((again_at - now).total_seconds())
        detail = Text(
            f"请 {seconds} 秒后再重呼", f"Please call again in {counted(seconds, 'second')}"
        )
        raise RecallTooSoon(detail, again_at=again_at)


def back_in_time(ticket: Ticket, policy: Policy, now: datetime) -> None:
    """Raises TooLateToReturn."""
    if now - ticket.state_since > timedelta(minutes=policy.back_within_minutes):
        raise TooLateToReturn


def may_close(ticket: Ticket, policy: Policy, now: datetime) -> None:
    """A missed ticket is closed only when the time to return is over."""
    if now - ticket.state_since <= timedelta(minutes=policy.back_within_minutes):
        refuse_ticket(ticket)


def may_clear(ticket: Ticket, policy: Policy, now: datetime) -> None:
    """A ticket is cleared away only when nobody has touched it for the policy's hours."""
    touched_at = max(ticket.state_since, ticket.ready_at)
    if now - touched_at < timedelta(hours=policy.left_after_hours):
        refuse_ticket(ticket)


Change = Callable[[Ticket, TransitionInput, datetime], Mapping[str, Any]]
"""The columns that an action changes besides the state and its time."""


def nothing_else(_: Ticket, __: TransitionInput, ___: datetime) -> Mapping[str, Any]:
    """The state alone says it."""
    return {}


def called_again(ticket: Ticket, _: TransitionInput, now: datetime) -> Mapping[str, Any]:
    """One recall more."""
    return {"last_called_at": now, "recalls": ticket.recalls + 1}


def with_its_outcome(_: Ticket, given: TransitionInput, __: datetime) -> Mapping[str, Any]:
    """Whether the matter was done, and what is still missing."""
    return {"outcome": given.outcome, "missing": list(given.missing)}


def with_a_new_leg(_: Ticket, __: TransitionInput, ___: datetime) -> Mapping[str, Any]:
    """The id of the leg that takes the person on."""
    return {"next_leg_id": new_id()}


def back_in_line(ticket: Ticket, _: TransitionInput, now: datetime) -> Mapping[str, Any]:
    """Waiting again: a parked ticket keeps its place, a missed one half of its earlier wait."""
    values: dict[str, Any] = dict.fromkeys(("window_id", "window_no", "called_at"))
    values |= {"last_called_at": None, "recalls": 0}
    if ticket.state is TicketState.MISSED:
        called_at = ticket.called_at or ticket.state_since
        place = returned_standing(ticket.ready_at, called_at, ticket.credit_minutes, now)
        values |= {"ready_at": place.ready_at, "due_at": place.due_at}
    return values


_OF_ONE_LEG = {
    *("id", "leg", "version", "item_code", "items", "pending", "for_window_id", "appointment_id"),
    *(TicketMemory.model_fields.keys() - {"ready_at", "due_at"}),
}
"""What the next leg of a number does not take over; every other column goes with the person."""


def next_leg(
    before: Ticket,
    leg: int,
    items: Sequence[str],
    now: datetime,
    *,
    pending: Sequence[str],
    appointment_id: UUID | None,
    window_id: UUID | None = None,
) -> Ticket:
    """The next leg of the same number, which keeps the time already waited and the credit.

    Its version goes on from the leg before, so that a later finish of the visit has a higher one.
    """
    assert before.next_leg_id is not None
    return Ticket(
        **before.model_dump(exclude=_OF_ONE_LEG),
        id=before.next_leg_id,
        leg=leg,
        version=before.version + 1,
        item_code=items[0],
        items=list(items),
        pending=list(pending),
        appointment_id=appointment_id,
        for_window_id=window_id,
        state_since=now,
    )


def undo_until(at: datetime, policy: Policy) -> datetime:
    """The last moment at which what was done at `at` can be undone."""
    return at + timedelta(seconds=policy.undo_seconds)
