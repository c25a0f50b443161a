"""The states of a clock: who is asked stands still, what is done stops, what is over is breached.

Nobody is asked for a role here: the rooms whose matter the clock belongs to decide, and the sweeps.
Which of several clocks is meant, and whether its day has passed, is the business of `service`.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.feedback.calendar.models import Calendar
from services.feedback.deadlines import rules
from services.feedback.deadlines.models import Change, Deadline
from services.feedback.deadlines.models import ClockState as S
from shared.errors import Text
from shared.workflow import Workflow


class ClockAction(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    BREACH = "breach"
    RECOMPUTE = "recompute"
    MEET = "meet"
    CANCEL = "cancel"


class ClockMove(NamedTuple):
    """What becomes of a clock, and what its history says of that."""

    state: S
    action: ClockAction
    to: S
    change: Change
    roles: frozenset[str] = frozenset()


_A = ClockAction

MOVES = (
    ClockMove(S.RUNNING, _A.PAUSE, S.PAUSED, Change.PAUSED),
    ClockMove(S.PAUSED, _A.RESUME, S.RUNNING, Change.RESUMED),
    ClockMove(S.RUNNING, _A.BREACH, S.BREACHED, Change.BREACHED),
    ClockMove(S.BREACHED, _A.RECOMPUTE, S.RUNNING, Change.RECOMPUTED),
    *(ClockMove(live, _A.MEET, S.MET, Change.MET) for live in (S.RUNNING, S.PAUSED, S.BREACHED)),
    *(
        ClockMove(live, _A.CANCEL, S.CANCELLED, Change.CANCELLED)
        for live in (S.RUNNING, S.PAUSED, S.BREACHED)
    ),
)
CLOCKS = Workflow(
    MOVES,
    {
        S.RUNNING: Text("计时中", "running"),
        S.PAUSED: Text("暂停", "paused"),
        S.BREACHED: Text("已逾期", "breached"),
        S.MET: Text("已了结", "met"),
        S.CANCELLED: Text("已取消", "cancelled"),
    },
    {
        _A.PAUSE: Text("暂停", "pause"),
        _A.RESUME: Text("恢复", "resume"),
        _A.BREACH: Text("逾期", "breach"),
        _A.RECOMPUTE: Text("按新日历重算", "recompute by a later calendar"),
        _A.MEET: Text("了结", "meet"),
        _A.CANCEL: Text("取消", "cancel"),
    },
    title=Text("时限", "Deadlines"),
    starts=[S.RUNNING],
    columns={"change": Text("记录", "history")},
)


def follow(clock: Deadline, calendar: Calendar, now: datetime) -> bool:
    """Compute the clock by this calendar; whether that changed its last day or its certainty.

    It is reminded of anew then, and a breach that the new day undoes is a running clock again.
    """
    clock.calendar_edition = calendar.edition
    due = rules.due_of(clock, calendar.days)
    if due == (clock.due_on, clock.provisional):
        return False
    clock.due_on, clock.due_at, clock.provisional = due.on, due.at, due.provisional
    clock.reminded = 0
    running = CLOCKS.get(clock.state, ClockAction.RECOMPUTE)
    if running is not None and now < due.at:
        clock.state, clock.breached_at = running.to, None
        clock.escalated_level = 0
    return True
