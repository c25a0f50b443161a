"""When a limit ends, and what may be done to it. Pure: no clock, no database."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.feedback.calendar.models import Calendar
from services.feedback.deadlines.basis import Limit
from services.feedback.deadlines.models import (
    ClockState,
    Deadline,
    DeadlinePolicy,
    PolicyKind,
    SubjectKind,
    Unit,
)
from shared.clock import today
from shared.errors import Conflict, Text
from shared.workdays import DueDate, Workdays, nth_after_or_guess, works_or_guess

ONE_DAY = timedelta(days=1)

CITIZENS_CLOCKS = frozenset(
    {
        PolicyKind.AWAIT_CITIZEN,
        PolicyKind.SILENCE_CLOSES,
        PolicyKind.REOPEN_WINDOW,
        PolicyKind.RATING_INVITATION,
    }
)
"""Clocks that run for the citizen: nobody is reminded of them and nobody breaches them."""

OFFICE_CLOCKS = frozenset(
    {
        PolicyKind.LETTER_REGISTER,
        PolicyKind.PUBLICATION_DECISION,
        PolicyKind.REOPEN_DECISION,
        PolicyKind.LETTER_APPEAL,
        PolicyKind.RATING_APPEAL,
        PolicyKind.RATING_REVISIT,
        PolicyKind.ORDER_DECIDE,
    }
)
"""Clocks of the government office itself: breached and shown, but no department is ordered."""


class ExtensionTooLate(Conflict):
    type = "/problems/extension-too-late"
    title = Text("期限已过，不能再申请延期", "The time limit has passed; it cannot be extended")
    advice = Text("请尽快办理", "Please act soon")


class ExtensionByAsker(Conflict):
    type = "/problems/extension-by-asker"
    title = Text(
        "延期不能由申请人自己批准", "An extension may not be approved by whom asked for it"
    )
    advice = Text("请另一位有权的人员批准", "Somebody else with that right has to approve it")


class ExtensionTooLong(Conflict):
    type = "/problems/extension-too-long"
    title = Text("延长的时间超出规定", "The extension is longer than the rules allow")
    advice = Text("请把天数改到规定以内", "Please ask for no more days than the rules allow")


class Extension(NamedTuple):
    """An approved extension by `n` units of the clock."""

    n: int
    reason: str
    asked_by: str
    asked_at: datetime
    approved_by: str


class Beginning(NamedTuple):
    """When a clock was started, its day zero, and the region whose calendar it follows; what it has
    behind it already, and its length where that is not the policy's.
    """

    at: datetime
    base_on: date
    region: str
    n: int | None = None
    pauses: Sequence[Any] = ()
    extension_n: int = 0


class Pause(NamedTuple):
    """The limit stood still from the day it was paused to the day it went on."""

    start: date
    end: date


def due_date(
    base_on: date,
    unit: Unit,
    n: int,
    calendar: Workdays,
    *,
    pauses: Iterable[Pause] = (),
    extension_n: int = 0,
) -> DueDate:
    """The last day of `n` units after `base_on`, which itself is not counted (民法典 art. 201).

    Days on which the limit was paused are added, an extension too. A limit in calendar days that
    would end on a rest day ends on the next working day (民法典 art. 203). For a year whose holiday
    notice is not loaded Monday to Friday are taken as working days and the date is provisional.
    """
    spans, total = list(pauses), n + extension_n
    if unit is Unit.CALENDAR_DAY:
        total += sum((end - start).days for start, end in spans)
        return _on_or_after(base_on + timedelta(days=total), calendar)
    counted = [_between(start, end, calendar) for start, end in spans]
    total += sum(days for days, _ in counted)
    due = nth_after_or_guess(base_on, total, calendar)
    return DueDate(due.on, due.provisional or any(guessed for _, guessed in counted))


def new_clock(
    limit: Limit | DeadlinePolicy,
    subject_kind: SubjectKind,
    subject_id: UUID,
    department_code: str,
    calendar: Calendar,
    began: Beginning,
) -> Deadline:
    """A running clock that ends as the policy row says."""
    n = limit.n if began.n is None else began.n
    first = due_date(began.base_on, limit.unit, n, calendar.days)
    clock = Deadline(
        subject_kind=subject_kind,
        subject_id=subject_id,
        kind=limit.kind,
        department_code=department_code,
        region=began.region,
        policy_id=limit.id,
        unit=limit.unit,
        n=n,
        extension_n=began.extension_n,
        pauses=list(began.pauses),
        base_on=began.base_on,
        due_on=first.on,
        due_at=first.at,
        provisional=first.provisional,
        calendar_edition=calendar.edition,
        original_due_on=first.on,
        started_at=began.at,
    )
    due = due_of(clock, calendar.days)
    clock.due_on, clock.due_at, clock.provisional = due.on, due.at, due.provisional
    return clock


def due_of(clock: Deadline, calendar: Workdays) -> DueDate:
    """The clock's due date by this calendar, with its pauses and extensions."""
    return due_date(
        clock.base_on,
        clock.unit,
        clock.n,
        calendar,
        pauses=pauses_of(clock),
        extension_n=clock.extension_n,
    )


def nth_workday_back(day: date, n: int, calendar: Workdays) -> date:
    """The n-th working day counted back from `day`, `day` itself included.

    A limit whose last day lies before it is at least `n` working days overdue at the end of `day`.
    """
    while True:
        n -= calendar.is_workday(day)
        if n <= 0:
            return day
        day -= ONE_DAY


def reminder_bounds(now: datetime, before: int, calendar: Workdays) -> tuple[date, date]:
    """Two days: clocks due before the first end today; before the second, within `before` WD.

    A limit that ends on a rest day is reminded of on the last working day before it.
    """
    day = today(now)
    return nth_after_or_guess(day, 1, calendar).on, nth_after_or_guess(day, before + 1, calendar).on


def is_overdue(clock: Deadline, now: datetime) -> bool:
    """Whether the limit has passed unkept. A provisional limit is not known to have passed."""
    if clock.state is ClockState.MET:
        return clock.met_at is not None and clock.met_at >= clock.due_at
    counting = clock.state in (ClockState.RUNNING, ClockState.BREACHED)
    return counting and not clock.provisional and now >= clock.due_at


def ensure_extendable(clock: Deadline, extension: Extension, limit: int) -> None:
    """Raises ExtensionTooLate, ExtensionByAsker or ExtensionTooLong; `limit` is for all of them.

    Who asked in time does not lose it by how long others take to decide.
    """
    if extension.asked_at >= clock.due_at:
        raise ExtensionTooLate
    if extension.asked_by == extension.approved_by:
        raise ExtensionByAsker
    if extension.n < 1 or clock.extension_n + extension.n > limit:
        raise ExtensionTooLong(allowed=max(limit - clock.extension_n, 0))


def pauses_of(clock: Deadline) -> list[Pause]:
    """The pauses as stored: a list of [start, end] in ISO form."""
    return [
        Pause(date.fromisoformat(start), date.fromisoformat(end)) for start, end in clock.pauses
    ]


def paused_workdays(clock: Deadline, day: date, calendar: Workdays) -> int:
    """How many working days the clock has stood still until `day`."""
    spans = pauses_of(clock)
    if clock.paused_on is not None:
        spans.append(Pause(clock.paused_on, day))
    return sum(_between(start, end, calendar)[0] for start, end in spans)


def _on_or_after(day: date, calendar: Workdays) -> DueDate:
    works, guessed = works_or_guess(day, calendar)
    while not works:
        day += ONE_DAY
        works, guess = works_or_guess(day, calendar)
        guessed |= guess
    return DueDate(day, guessed)


def _between(start: date, end: date, calendar: Workdays) -> tuple[int, bool]:
    """Working days after `start` up to and with `end`, and whether one of them is a guess."""
    days = [
        works_or_guess(start + timedelta(days=i), calendar)
        for i in range(1, (end - start).days + 1)
    ]
    return sum(works for works, _ in days), any(guess for _, guess in days)
