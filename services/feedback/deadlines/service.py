"""The clocks of letters, ratings and orders: start, pause, resume, meet, extend, cancel.

How another room uses it. A clock belongs to a `Subject` (kind and id) and has a `PolicyKind`; the
length comes from the policy row in force on the day it starts, the department from the caller:

    letter = Subject(SubjectKind.LETTER, letter_id)
    clock = await deadlines.start(
        session, letter, PolicyKind.REPLY_COMPLAINT, department_code="D03", by=caller.sub, now=now
    )
    clock.due_on, clock.provisional, clock.original_due_on, rules.is_overdue(clock, now)
    await deadlines.pause(session, letter, by=caller.sub, now=now)   # waits for the citizen
    await deadlines.resume(session, letter, by=caller.sub, now=now)  # the paused days are added
    await deadlines.extend(session, letter, kind, Extension(...), now=now)
    await deadlines.meet(session, letter, PolicyKind.REPLY_COMPLAINT, by=caller.sub, now=now)
    await deadlines.cancel(session, letter, by=caller.sub, now=now)  # returned, merged, ...

Without a kind, pause, resume, meet and cancel take every live clock of the subject. They return the
clocks that they changed: an empty list says that there was none, which is no error. `start` raises
StateConflict if the subject has a live clock of that kind; `extend` raises the Problems of `rules`.
Day zero is excluded, the last day ends at 24:00 in Asia/Shanghai. While a year's holiday notice is
missing a due date is provisional: shown so, never breached, recomputed when the notice comes.
What is read or changed here always goes by the newest notice, before the job has come by, too.
`of` and `of_many` give the clocks to show; `run_out` gives the citizen's own clocks that are over
(20 WD of silence, 5 WD without an answer): those are the owning room's to act upon.
Nothing here commits. Breaches, reminders and their events are the room's own jobs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar import service as calendar
from services.feedback.deadlines import queries, recomputing, rules, workflow
from services.feedback.deadlines.history import changed
from services.feedback.deadlines.models import (
    COUNTRY,
    LIVE,
    Change,
    Deadline,
    PolicyKind,
    SubjectKind,
)
from services.feedback.deadlines.rules import Extension as Extension
from services.feedback.deadlines.starting import policy as policy
from services.feedback.deadlines.starting import start_clocks, start_of
from services.feedback.deadlines.workflow import CLOCKS, ClockAction, ClockMove
from shared.clock import today
from shared.errors import NotFound, Text


class Subject(NamedTuple):
    """What a clock is about."""

    kind: SubjectKind
    id: UUID


async def start(
    session: AsyncSession,
    subject: Subject,
    kind: PolicyKind,
    *,
    department_code: str,
    by: str,
    now: datetime,
    since: datetime | None = None,
    region: str = COUNTRY,
    like: Deadline | None = None,
    n: int | None = None,
) -> Deadline:
    """A new running clock of `n` units (else as the policy says), counted from the day of `since`
    (else from today); instead of `like` from its day on, with its pauses and extensions.

    Raises StateConflict if one of that kind is already live.
    """
    began = rules.Beginning(now, today(since or now), region, n)
    if like is not None:
        behind = (like.pauses, like.extension_n)
        began = rules.Beginning(now, like.base_on, like.region, n, *behind)
    return (await start_of(session, *subject, [kind], department_code, began, by))[0]


async def start_several(
    session: AsyncSession,
    subject: Subject,
    kinds: Sequence[PolicyKind],
    *,
    department_code: str,
    by: str,
    now: datetime,
) -> Sequence[Deadline]:
    """As `start`, clocks of several kinds, counted from today by the country's policy."""
    began = rules.Beginning(now, today(now), COUNTRY, None)
    return await start_of(session, *subject, kinds, department_code, began, by)


async def start_many(
    session: AsyncSession,
    subject_kind: SubjectKind,
    subjects: Iterable[tuple[UUID, str]],
    kind: PolicyKind,
    *,
    by: str,
    now: datetime,
    since: datetime | None = None,
    region: str = COUNTRY,
) -> Sequence[Deadline]:
    """One clock for each (subject id, department code); those that have a live one are left out."""
    began = rules.Beginning(now, today(since or now), region)
    return await start_clocks(session, subject_kind, subjects, [kind], began, by)


async def pause(
    session: AsyncSession, subject: Subject, *kinds: PolicyKind, by: str, now: datetime
) -> list[Deadline]:
    """Stop running clocks from today on. One that is already overdue runs on: late stays late."""
    paused = [
        (clock, row)
        for clock, row in await _open_to(session, subject, kinds, ClockAction.PAUSE, now=now)
        if now < clock.due_at
    ]
    for clock, row in paused:
        clock.state, clock.paused_on = row.to, today(now)
    return await changed(session, [clock for clock, _ in paused], Change.PAUSED, by=by, now=now)


async def resume(
    session: AsyncSession,
    subject: Subject,
    *kinds: PolicyKind,
    by: str,
    now: datetime,
    until: date | None = None,
) -> list[Deadline]:
    """Let paused clocks run on; the days between are added to their limit, none after `until`."""
    resumed = await _open_to(session, subject, kinds, ClockAction.RESUME, now=now)
    for clock, row in resumed:
        since = clock.paused_on or today(now)
        end = max(since, min(today(now), until or today(now)))
        clock.pauses = [*clock.pauses, [since.isoformat(), end.isoformat()]]
        clock.state, clock.paused_on = row.to, None
        await _recompute(session, clock, now)
    return await changed(session, [clock for clock, _ in resumed], Change.RESUMED, by=by, now=now)


async def meet(
    session: AsyncSession, subject: Subject, *kinds: PolicyKind, by: str, now: datetime
) -> list[Deadline]:
    """Done: the clocks stop. Whether in time is `rules.is_overdue` of the clock afterwards."""
    met = await _open_to(session, subject, kinds, ClockAction.MEET, now=now)
    for clock, row in met:
        clock.state, clock.met_at, clock.paused_on = row.to, now, None
    return await changed(session, [clock for clock, _ in met], Change.MET, by=by, now=now)


async def cancel(
    session: AsyncSession, subject: Subject, *kinds: PolicyKind, by: str, now: datetime
) -> list[Deadline]:
    """The limit no longer applies: the matter was returned, merged, withdrawn or excluded."""
    return await cancel_many(session, subject.kind, [subject.id], *kinds, by=by, now=now)


async def cancel_many(
    session: AsyncSession,
    subject_kind: SubjectKind,
    ids: Collection[UUID],
    *kinds: PolicyKind,
    by: str,
    now: datetime,
) -> list[Deadline]:
    """As `cancel`, for many subjects at once."""
    found = await queries.lock_live(session, subject_kind, ids, kinds)
    cancelled = [one.clock for one in found]
    for clock in cancelled:
        row = CLOCKS.find(clock.state, clock.version, ClockAction.CANCEL)
        if clock.paused_on is not None:
            pause = [clock.paused_on.isoformat(), today(now).isoformat()]
            clock.pauses = [*clock.pauses, pause]
        clock.state, clock.paused_on = row.to, None
    return await changed(session, cancelled, Change.CANCELLED, by=by, now=now)


async def assign(
    session: AsyncSession, subject: Subject, department_code: str, *, by: str, now: datetime
) -> list[Deadline]:
    """Another department answers for the live clocks from now on; their due dates stay."""
    assigned = await _locked(session, subject, now=now)
    for clock in assigned:
        clock.department_code = department_code
    return await changed(session, assigned, Change.ASSIGNED, by=by, now=now)


async def extend(
    session: AsyncSession,
    subject: Subject,
    kind: PolicyKind,
    extension: Extension,
    *,
    now: datetime,
) -> Deadline:
    """The clock with its later due date; `original_due_on` stays. Raises what `rules` names."""
    live = await _locked(session, subject, [kind], now=now)
    if not live:
        raise NotFound(
            Text("没有正在计时的时限，请刷新后查看", "No such limit is running; please reload")
        )
    [clock] = live
    limit = await policy(session, kind, now, clock.region)
    rules.ensure_extendable(clock, extension, limit.extension_limit)
    clock.extension_n += extension.n
    await _recompute(session, clock, now)
    await changed(
        session,
        [clock],
        Change.EXTENDED,
        by=extension.approved_by,
        now=now,
        reason=extension.reason,
    )
    return clock


async def of(session: AsyncSession, subject: Subject) -> list[Deadline]:
    """All clocks of one subject, past and present, oldest first."""
    return (await all_of_many(session, subject.kind, [subject.id]))[subject.id]


async def of_many(
    session: AsyncSession, kind: SubjectKind, ids: Collection[UUID]
) -> dict[UUID, list[Deadline]]:
    """The live clocks of many subjects, by subject id: for lists, in one statement."""
    found: dict[UUID, list[Deadline]] = defaultdict(list)
    for subject, clocks in (await all_of_many(session, kind, ids)).items():
        found[subject] = [clock for clock in clocks if clock.state in LIVE]
    return found


async def all_of_many(
    session: AsyncSession, kind: SubjectKind, ids: Collection[UUID]
) -> dict[UUID, list[Deadline]]:
    """The same of past and present, oldest first."""
    found: dict[UUID, list[Deadline]] = defaultdict(list)
    clocks = await queries.of_subjects(session, kind, ids)
    for clock in await recomputing.as_shown(session, clocks):
        found[clock.subject_id].append(clock)
    return found


async def paused_workdays(session: AsyncSession, clock: Deadline, now: datetime) -> int:
    """How many working days the clock has stood still up to now, in all."""
    days = (await calendar.load(session, clock.region)).days
    return rules.paused_workdays(clock, today(now), days)


async def run_out(
    session: AsyncSession, kind: PolicyKind, now: datetime, limit: int = 500
) -> list[Deadline]:
    """Running clocks of a kind that are over, locked: meant for those that run for the citizen."""
    found = await queries.run_out(session, kind, now, limit)
    clocks = await recomputing.up_to_date(session, found, now)
    return [clock for clock in clocks if rules.is_overdue(clock, now)]


async def awaits_recomputing(session: AsyncSession, region: str = COUNTRY) -> bool:
    """Whether a notice is just being worked into the region's clocks: nobody is pressed then."""
    return await queries.any_outdated(session, region)


async def _locked(
    session: AsyncSession,
    subject: Subject,
    kinds: Collection[PolicyKind] = (),
    *,
    now: datetime,
) -> list[Deadline]:
    """The subject's live clocks, locked, and by the present calendar."""
    found = await queries.lock_live(session, subject.kind, [subject.id], kinds)
    return await recomputing.up_to_date(session, found, now)


async def _open_to(
    session: AsyncSession,
    subject: Subject,
    kinds: Collection[PolicyKind],
    action: ClockAction,
    *,
    now: datetime,
) -> list[tuple[Deadline, ClockMove]]:
    """Of the subject's live clocks, locked, those to which this can happen, with their rows."""
    locked = await _locked(session, subject, kinds, now=now)
    rows = [(clock, CLOCKS.get(clock.state, action)) for clock in locked]
    return [(clock, row) for clock, row in rows if row is not None]


async def _recompute(session: AsyncSession, clock: Deadline, now: datetime) -> None:
    workflow.follow(clock, await calendar.load(session, clock.region), now)
