"""What may happen to an appointment: one table.

A place that was not used stays used up: whoever missed the time leaves it counted. An orphaned
appointment has lost its time, and its places with it; it is confirmed again when its time exists
again, or by moving it.
"""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.booking import events
from services.appointments.booking.events import AppointmentEvent
from services.appointments.booking.models import Appointment, AppointmentState, Resolution
from shared.errors import Text
from shared.workflow import Workflow


class AppointmentAction(StrEnum):
    CONFIRM = "confirm"
    EXPIRE = "expire"
    CANCEL = "cancel"
    RELEASE = "release"
    MOVE = "move"
    WITHDRAW = "withdraw"
    RESUPPORT = "resupport"
    CHECK_IN = "check_in"
    SERVE = "serve"
    UNDO_SERVE = "undo_serve"
    CORRECT = "correct_no_show"
    MISS = "miss"
    EXCUSE = "excuse"
    LAPSE = "lapse"


class AppointmentRow(NamedTuple):
    """A row of the table; `frees` gives the places back, `event` is what subscribers are sent.

    `later`: the places are on sale again after a while that nobody knows. `resolves`: how somebody
    whose time the hall took was helped. `reasoned`: whoever takes it says why.
    """

    state: AppointmentState
    action: AppointmentAction
    to: AppointmentState
    roles: frozenset[str]
    event: type[AppointmentEvent]
    frees: bool = False
    later: bool = False
    resolves: Resolution | None = None
    reasoned: bool = False

    @property
    def leaves(self) -> bool:
        """Whether it stands no more against what its person lost or wants."""
        return self.to not in HOLDING


_S, _A, _R = AppointmentState, AppointmentAction, Resolution
OWNER = frozenset({"citizen", "clerk", "hall_manager"})
STAFF = frozenset({"clerk", "hall_manager"})
SYSTEM: frozenset[str] = frozenset()
"""No caller may take it: a job, the queue, or a change of the schedule does."""

LIVE = frozenset({_S.HELD, _S.CONFIRMED, _S.CHECKED_IN})
"""States of which a person has one an item and day (the index `uq_appointment_live`)."""
PROMISED = LIVE - {_S.HELD}
"""States of which nobody loses their place because somebody else has booked."""

ROWS: tuple[AppointmentRow, ...] = (
    AppointmentRow(_S.HELD, _A.CONFIRM, _S.CONFIRMED, OWNER, events.AppointmentConfirmed),
    AppointmentRow(_S.HELD, _A.EXPIRE, _S.EXPIRED, SYSTEM, events.AppointmentExpired, True),
    AppointmentRow(_S.HELD, _A.CANCEL, _S.CANCELLED, OWNER, events.AppointmentCancelled, True),
    AppointmentRow(_S.HELD, _A.WITHDRAW, _S.CANCELLED_BY_HALL, SYSTEM,
                    events.AppointmentCancelled, True),
    AppointmentRow(_S.CONFIRMED, _A.CHECK_IN, _S.CHECKED_IN, OWNER | {"device"},
                    events.AppointmentCheckedIn),
    AppointmentRow(_S.CONFIRMED, _A.CANCEL, _S.CANCELLED, OWNER,
                    events.AppointmentCancelled, True, later=True),
    AppointmentRow(_S.CONFIRMED, _A.MOVE, _S.RESCHEDULED, OWNER,
                    events.AppointmentRescheduled, True),
    AppointmentRow(_S.CONFIRMED, _A.WITHDRAW, _S.ORPHANED, SYSTEM,
                    events.AppointmentOrphaned, True),
    AppointmentRow(_S.ORPHANED, _A.RESUPPORT, _S.CONFIRMED, SYSTEM, events.AppointmentConfirmed),
    AppointmentRow(_S.CONFIRMED, _A.MISS, _S.NO_SHOW, SYSTEM, events.AppointmentMissed),
    AppointmentRow(_S.CONFIRMED, _A.EXCUSE, _S.LAPSED, SYSTEM, events.AppointmentLapsed),
    AppointmentRow(_S.ORPHANED, _A.MOVE, _S.RESCHEDULED, OWNER, events.AppointmentRescheduled,
                    resolves=_R.MOVED),
    AppointmentRow(_S.ORPHANED, _A.CANCEL, _S.CANCELLED, OWNER, events.AppointmentCancelled,
                    resolves=_R.CANCELLED),
    AppointmentRow(_S.ORPHANED, _A.RELEASE, _S.CANCELLED_BY_HALL, STAFF,
                    events.AppointmentCancelled, resolves=_R.CANCELLED, reasoned=True),
    AppointmentRow(_S.CHECKED_IN, _A.SERVE, _S.SERVED, SYSTEM, events.AppointmentServed),
    AppointmentRow(_S.CHECKED_IN, _A.MISS, _S.NO_SHOW, SYSTEM, events.AppointmentMissed),
    AppointmentRow(_S.CHECKED_IN, _A.LAPSE, _S.LAPSED, SYSTEM, events.AppointmentLapsed),
    AppointmentRow(_S.NO_SHOW, _A.CORRECT, _S.CHECKED_IN, STAFF, events.AppointmentCheckedIn),
    AppointmentRow(_S.LAPSED, _A.CORRECT, _S.CHECKED_IN, STAFF, events.AppointmentCheckedIn),
    AppointmentRow(_S.SERVED, _A.UNDO_SERVE, _S.CHECKED_IN, SYSTEM, events.AppointmentCheckedIn),
)  # fmt: skip

STATES: dict[AppointmentState, Text] = {
    _S.HELD: Text("待确认", "held"),
    _S.CONFIRMED: Text("已确认", "confirmed"),
    _S.CHECKED_IN: Text("已签到", "checked in"),
    _S.SERVED: Text("已办理", "served"),
    _S.NO_SHOW: Text("失约未到", "missed"),
    _S.LAPSED: Text("当天未了结", "lapsed"),
    _S.EXPIRED: Text("占位已过期", "expired"),
    _S.CANCELLED: Text("已取消", "cancelled"),
    _S.RESCHEDULED: Text("已改约", "moved"),
    _S.ORPHANED: Text("时段已撤销，待改约", "without a time, to be moved"),
    _S.CANCELLED_BY_HALL: Text("已由大厅取消", "cancelled by the hall"),
}
_BOOK_ANEW = Text("请重新预约", "please book anew")
NEXT: dict[AppointmentState, Text] = {
    _S.HELD: Text("请先确认", "please confirm it first"),
    _S.CONFIRMED: Text(
        "可以签到、改约或取消", "it can be checked in, moved to another time, or cancelled"
    ),
    _S.CHECKED_IN: Text(
        "请凭签到所得的号等候叫号；不想再等的，可放弃这个号",
        "please wait until the number from checking in is called, or give that ticket up",
    ),
    _S.SERVED: Text("还要办理的，请另行预约", "for anything more, please book another"),
    _S.NO_SHOW: Text(
        "当天到过大厅的，可请工作人员在当天更正；也可以重新预约",
        "if you were there, the staff can put it right on that day; or you may book anew",
    ),
    _S.LAPSED: Text(
        "当天到过大厅而没有签到的，可请工作人员在当天更正；也可以重新预约，或到大厅取号",
        "if you were there and did not check in, the staff can put it right on that day; or you may"
        " book anew, or take a ticket at the hall",
    ),
    _S.EXPIRED: _BOOK_ANEW,
    _S.CANCELLED: _BOOK_ANEW,
    _S.RESCHEDULED: Text("请用新的预约码", "please use the code of the new one"),
    _S.ORPHANED: Text("请改约到别的时间，或取消", "please move it to another time, or cancel it"),
    _S.CANCELLED_BY_HALL: _BOOK_ANEW,
}
"""What can be done with an appointment that stands so."""
ACTIONS = {
    _A.CONFIRM: Text("确认", "confirm"),
    _A.EXPIRE: Text("占位过期", "let the hold run out"),
    _A.CANCEL: Text("取消", "cancel"),
    _A.RELEASE: Text("由大厅了结", "release by the hall"),
    _A.MOVE: Text("改约", "move"),
    _A.WITHDRAW: Text("撤销时段", "withdraw the time"),
    _A.RESUPPORT: Text("恢复时段", "give the time back"),
    _A.CHECK_IN: Text("签到", "check in"),
    _A.SERVE: Text("办结", "serve"),
    _A.UNDO_SERVE: Text("撤销办结", "undo the finish"),
    _A.CORRECT: Text("更正失约", "put the no-show right"),
    _A.MISS: Text("失约", "mark as missed"),
    _A.EXCUSE: Text("免计失约", "excuse the absence"),
    _A.LAPSE: Text("日终清理", "clear away"),
}
WORKFLOW = Workflow(
    ROWS,
    STATES,
    ACTIONS,
    title=Text("预约", "Appointments"),
    starts=[_S.HELD],
    columns={
        "event": Text("事件", "event"),
        "frees": Text("退回号源", "frees the places"),
        "later": Text("稍后放出", "on sale later"),
        "resolves": Text("了结", "resolves"),
    },
)


def _holding() -> frozenset[AppointmentState]:
    """The states that are reached from a hold without a row that gives its places back."""
    reached = {_S.HELD}
    while more := {e.to for e in ROWS if e.state in reached and not e.frees} - reached:
        reached |= more
    return frozenset(reached)


HOLDING = _holding()
"""States whose places count in `slot.booked`: an unused place of the past stays used up."""


def state_conflict(appointment: Appointment) -> Text:
    """How the appointment stands, for whoever asks what its state does not (any more) allow."""
    return standing(appointment.state)


def standing(state: AppointmentState) -> Text:
    """How an appointment in the state stands, and what can be done with it."""
    now_is, onward = STATES[state], NEXT[state]
    return Text(
        f"这个预约现在是“{now_is.zh}”，{onward.zh}",
        f"The appointment is {now_is.en} now; {onward.en}",
    )
