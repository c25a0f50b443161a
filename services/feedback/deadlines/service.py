"""The clocks of letters, ratings and orders: how other rooms start, change, and show them.

How another room uses it. A clock belongs to a `Subject` (kind and id) and has a `PolicyKind`; the
length comes from the policy row in force on the day it starts, the department from the caller:

    letter = Subject(SubjectKind.LETTER, letter_id)
    clock = await deadlines.start(
        session, letter, PolicyKind.REPLY_COMPLAINT, department_code="D03", by=caller.sub, now=now
    )
    clock.due_on, clock.provisional, clock.original_due_on, rules.is_overdue(clock, now)
    await deadlines.meet(session, letter, PolicyKind.REPLY_COMPLAINT, by=caller.sub, now=now)
    await deadlines.cancel(session, letter, by=caller.sub, now=now)  # returned, merged, ...

Without a kind, meet and cancel take every live clock of the subject. They return the clocks that
they changed: an empty list says that there was none, which is no error. `start` raises
StateConflict if the subject has a live clock of that kind.
Day zero is excluded, the last day ends at 24:00 in Asia/Shanghai. While a year's holiday notice is
missing a due date is provisional: shown so, never breached, recomputed when the notice comes.
What is read or changed here always goes by the newest notice, before the job has come by, too.
An act with several effects, or one that pauses, resumes or extends, takes the clocks in hand, lets
one effect follow the other, and saves them:

    clocks = await deadlines.to_change(session, SubjectKind.LETTER, [letter_id], by=..., now=now)
    clocks.meet(PolicyKind.LETTER_ACCEPT), clocks.assign("D03")
    await deadlines.save(session, clocks)

In a session that decides all of it waits for the request's statement, and the versions of the
clocks guard it; in a transaction the clocks are locked meanwhile.
`of` and `of_many` give the clocks to show; `run_out` gives the citizen's own clocks that are over
(20 WD of silence, 5 WD without an answer): those are the owning room's to act upon.
Nothing here commits. Breaches, reminders and their events are the room's own jobs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import queries, recomputing, rules
from services.feedback.deadlines.clock_set import ClockSet as ClockSet
from services.feedback.deadlines.history import save as save
from services.feedback.deadlines.models import COUNTRY, LIVE, Deadline, PolicyKind, SubjectKind
from services.feedback.deadlines.models import Subject as Subject
from services.feedback.deadlines.reading import in_hand as in_hand
from services.feedback.deadlines.reading import policy as policy
from services.feedback.deadlines.reading import shown
from services.feedback.deadlines.reading import to_change as to_change
from services.feedback.deadlines.rules import Extension as Extension


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
) -> Deadline:
    """A new running clock, as long as the policy says, counted from the day of `since` (else from
    today).

    Raises StateConflict if one of that kind is already live.
    """
    clocks = await to_change(session, subject.kind, [subject.id], by=by, now=now, region=region)
    [started] = clocks.start(subject, [kind], department_code, since=since, region=region)
    await save(session, clocks)
    return started


async def start_many(
    session: AsyncSession,
    subject_kind: SubjectKind,
    subjects: Iterable[tuple[UUID, str]],
    kind: PolicyKind,
    *,
    by: str,
    now: datetime,
) -> Sequence[Deadline]:
    """One clock for each (subject id, department code); those that have a live one are left out."""
    owners = dict(subjects)
    clocks = await to_change(session, subject_kind, owners.keys(), by=by, now=now)
    have_one = {clock.subject_id for clock in clocks.live([kind])}
    for subject_id, department_code in owners.items():
        if subject_id not in have_one:
            clocks.start(Subject(subject_kind, subject_id), [kind], department_code)
    await save(session, clocks, leaves_out=True)
    return clocks.started


async def meet(
    session: AsyncSession, subject: Subject, *kinds: PolicyKind, by: str, now: datetime
) -> list[Deadline]:
    """Done: the clocks stop. Whether in time is `rules.is_overdue` of the clock afterwards."""
    clocks = await to_change(session, subject.kind, [subject.id], by=by, now=now)
    met = clocks.meet(*kinds)
    await save(session, clocks)
    return met


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
    clocks = await to_change(session, subject_kind, ids, by=by, now=now)
    cancelled = clocks.cancel(*kinds)
    await save(session, clocks)
    return cancelled


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
    for clock in await shown(session, kind, ids):
        found[clock.subject_id].append(clock)
    return found


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
