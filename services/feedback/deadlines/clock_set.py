"""The clocks of some subjects in hand: what one act does to them, effect after effect. Pure.

What was decided is written afterwards, all of it at once (`history.save`): nothing here asks the
database, so that each effect sees what those before it have made of the clocks.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value

from services.feedback.deadlines import rules, workflow
from services.feedback.deadlines.basis import Basis
from services.feedback.deadlines.events import DeadlineMoved
from services.feedback.deadlines.models import COUNTRY, LIVE, Change, Deadline, PolicyKind, Subject
from services.feedback.deadlines.workflow import CLOCKS, ClockAction, ClockMove
from shared.clock import today
from shared.errors import NotFound, Text
from shared.workdays import DueDate
from shared.workflow import refuse

SYSTEM = "system"
IS_LIVE = Text(
    "该事项的这一时限已在计时，请刷新后查看", "This limit is already running; please reload"
)


class Noted(NamedTuple):
    """A line of a clock's history, with the due date as it then stood."""

    deadline_id: UUID
    change: Change
    at: datetime
    by: str
    due_on: date
    provisional: bool
    reason: str | None = None


def show(clocks: Iterable[Deadline], basis: Basis) -> dict[UUID, DueDate]:
    """Lets live clocks be due as the newest calendar has it; how those that it moved are stored.

    Nothing is written by that.
    """
    stored = {}
    for clock in clocks:
        if clock.state in LIVE and clock.calendar_edition < basis.calendar(clock.region).edition:
            stored[clock.id] = DueDate(clock.due_on, clock.provisional)
            _set_due(clock, rules.due_of(clock, basis.calendar(clock.region).days))
    return stored


def _set_due(clock: Deadline, due: DueDate) -> None:
    """Not as a change that a session would write."""
    for name, value in (("due_on", due.on), ("due_at", due.at), ("provisional", due.provisional)):
        set_committed_value(clock, name, value)


class ClockSet:
    """All clocks of these subjects, oldest first, as the newest calendar has them.

    Without a kind an effect concerns every live clock. Each returns the clocks that it changed: an
    empty list says that there was none, which is no error.
    """

    def __init__(self, clocks: Sequence[Deadline], basis: Basis, *, by: str, now: datetime) -> None:
        self.clocks, self.basis, self.now = list(clocks), basis, now
        self.started: list[Deadline] = []
        self.noted: list[Noted] = []
        self.moved: list[DeadlineMoved] = []
        self._by = by
        self._stored = show(clocks, basis)
        self._before: dict[UUID, tuple[Deadline, dict[str, Any]]] = {}

    @property
    def latest(self) -> dict[PolicyKind, Deadline]:
        """The latest clock of each kind."""
        return {clock.kind: clock for clock in self.clocks}

    @property
    def changed(self) -> Iterator[tuple[Deadline, dict[str, Any]]]:
        """The clocks that were there before, each with what is new of it."""
        for clock, before in self._before.values():
            now = _values(clock)
            yield clock, {name: now[name] for name in now if now[name] != before[name]}

    def live(self, kinds: Sequence[PolicyKind] = ()) -> list[Deadline]:
        return [c for c in self.clocks if c.state in LIVE and (not kinds or c.kind in kinds)]

    def start(
        self,
        subject: Subject,
        kinds: Sequence[PolicyKind],
        owner: str,
        *,
        since: datetime | None = None,
        region: str = COUNTRY,
        like: Deadline | None = None,
        n: int | None = None,
    ) -> list[Deadline]:
        """Running clocks of `n` units (else as the policy says), counted from the day of `since`
        (else from today); instead of `like` from its day on, with its pauses and extensions.

        Raises StateConflict where one of these kinds is live.
        """
        for clock in self.live(kinds):
            if clock.subject_id == subject.id:
                refuse(clock.state, clock.version, IS_LIVE)
        began = rules.Beginning(self.now, today(since or self.now), region, n)
        if like is not None:
            behind = (like.pauses, like.extension_n)
            began = rules.Beginning(self.now, like.base_on, like.region, n, *behind)
        limits = self.basis.in_force(kinds, began.region, today(self.now))
        calendar = self.basis.calendar(began.region)
        new = [rules.new_clock(limits[k], *subject, owner, calendar, began) for k in kinds]
        self.clocks += new
        self.started += new
        return self._note(new, Change.STARTED)

    def pause(self, *kinds: PolicyKind) -> list[Deadline]:
        """From today on. One that is already overdue runs on: late stays late."""
        paused = [
            (clock, row)
            for clock, row in self._open_to(kinds, ClockAction.PAUSE)
            if self.now < clock.due_at
        ]
        for clock, row in paused:
            self._touch(clock)
            clock.state, clock.paused_on = row.to, today(self.now)
        return self._note([clock for clock, _ in paused], Change.PAUSED)

    def resume(self, *kinds: PolicyKind, until: date | None = None) -> list[Deadline]:
        """The days between are added to the limit, none after `until`."""
        resumed = self._open_to(kinds, ClockAction.RESUME)
        for clock, row in resumed:
            self._touch(clock)
            since = clock.paused_on or today(self.now)
            end = max(since, min(today(self.now), until or today(self.now)))
            clock.pauses = [*clock.pauses, [since.isoformat(), end.isoformat()]]
            clock.state, clock.paused_on = row.to, None
            self._follow(clock)
        return self._note([clock for clock, _ in resumed], Change.RESUMED)

    def meet(self, *kinds: PolicyKind) -> list[Deadline]:
        """Done: they stop. Whether in time is `rules.is_overdue` of the clock afterwards."""
        met = self._open_to(kinds, ClockAction.MEET)
        for clock, row in met:
            self._touch(clock)
            clock.state, clock.met_at, clock.paused_on = row.to, self.now, None
        return self._note([clock for clock, _ in met], Change.MET)

    def cancel(self, *kinds: PolicyKind) -> list[Deadline]:
        """They no longer apply; their last day stays as it is stored."""
        cancelled = self._open_to(kinds, ClockAction.CANCEL, anew=False)
        for clock, row in cancelled:
            self._keep(clock)
            if clock.paused_on is not None:
                pause = [clock.paused_on.isoformat(), today(self.now).isoformat()]
                clock.pauses = [*clock.pauses, pause]
            clock.state, clock.paused_on = row.to, None
        return self._note([clock for clock, _ in cancelled], Change.CANCELLED)

    def assign(self, owner: str) -> list[Deadline]:
        """Another department answers for the live clocks from now on; their due dates stay."""
        assigned = self.live()
        for clock in assigned:
            self._touch(clock)
            clock.department_code = owner
        return self._note(assigned, Change.ASSIGNED)

    def extend(self, kind: PolicyKind, extension: rules.Extension) -> Deadline:
        """`original_due_on` stays. Raises NotFound, and what `rules.ensure_extendable` names."""
        live = self.live([kind])
        if not live:
            raise NotFound(
                Text("没有正在计时的时限，请刷新后查看", "No such limit is running; please reload")
            )
        [clock] = live
        limit = self.basis.in_force([kind], clock.region, today(self.now))[kind]
        rules.ensure_extendable(clock, extension, limit.extension_limit)
        self._touch(clock)
        clock.extension_n += extension.n
        self._follow(clock)
        self._note(live, Change.EXTENDED, by=extension.approved_by, reason=extension.reason)
        return clock

    def follow(self) -> None:
        """Compute all live clocks of earlier editions anew."""
        for clock in self.live():
            if clock.id in self._stored:
                self._touch(clock)

    def paused_workdays(self, clock: Deadline) -> int:
        """How many working days the clock has stood still up to now, in all."""
        days = self.basis.calendar(clock.region).days
        return rules.paused_workdays(clock, today(self.now), days)

    def _open_to(
        self, kinds: Sequence[PolicyKind], action: ClockAction, *, anew: bool = True
    ) -> list[tuple[Deadline, ClockMove]]:
        live = self.live(kinds)
        if anew:  # a new notice may undo what is stored as a breach
            for clock in live:
                self._touch(clock)
        rows = [(clock, CLOCKS.get(clock.state, action)) for clock in live]
        return [(clock, row) for clock, row in rows if row is not None]

    def _touch(self, clock: Deadline) -> None:
        """Before it is changed: by the newest calendar, which is noted and published."""
        is_outdated = clock.id in self._stored
        before = self._keep(clock)
        if is_outdated and self._follow(clock):
            calendar = self.basis.calendar(clock.region)
            self._note([clock], Change.RECOMPUTED, by=SYSTEM, reason=calendar.notice[:200])
            self.moved.append(_moved(clock, before["due_on"]))

    def _keep(self, clock: Deadline) -> dict[str, Any]:
        """What is stored of a clock that is about to be changed."""
        stored = self._stored.pop(clock.id, None)
        if stored is not None:
            _set_due(clock, stored)
        if any(clock is new for new in self.started):
            return _values(clock)
        return self._before.setdefault(clock.id, (clock, _values(clock)))[1]

    def _follow(self, clock: Deadline) -> bool:
        return workflow.follow(clock, self.basis.calendar(clock.region), self.now)

    def _note(
        self,
        clocks: list[Deadline],
        change: Change,
        *,
        by: str | None = None,
        reason: str | None = None,
    ) -> list[Deadline]:
        self.noted += [
            Noted(c.id, change, self.now, by or self._by, c.due_on, c.provisional, reason)
            for c in clocks
        ]
        return clocks


def _values(clock: Deadline) -> dict[str, Any]:
    return {name: getattr(clock, name) for name in Deadline.model_fields}


def _moved(clock: Deadline, due_on_before: date) -> DeadlineMoved:
    return DeadlineMoved(
        deadline_id=clock.id,
        subject_kind=clock.subject_kind,
        subject_id=clock.subject_id,
        kind=clock.kind,
        department_code=clock.department_code,
        due_on_before=due_on_before,
        due_on=clock.due_on,
        provisional=clock.provisional,
    )
