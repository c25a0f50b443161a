"""New clocks, by the policy in force on the day they start."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar import service as calendar
from services.feedback.deadlines import queries, rules
from services.feedback.deadlines.models import (
    COUNTRY,
    Change,
    Deadline,
    DeadlinePolicy,
    PolicyKind,
    SubjectKind,
)
from shared.clock import today
from shared.errors import Text
from shared.workflow import refuse


async def policy(
    session: AsyncSession, kind: PolicyKind, now: datetime, region: str = COUNTRY
) -> DeadlinePolicy:
    """The policy row in force today. Raises LookupError where none was ever loaded."""
    return (await _policies(session, [kind], now, region))[kind]


async def _policies(
    session: AsyncSession, kinds: Sequence[PolicyKind], now: datetime, region: str
) -> dict[PolicyKind, DeadlinePolicy]:
    found = await queries.policies_for(session, kinds, region, today(now))
    if missing := {*kinds} - found.keys():
        raise LookupError(f"no deadline policy for {missing} in {region}")
    return found


async def start_clocks(
    session: AsyncSession,
    subject_kind: SubjectKind,
    subjects: Iterable[tuple[UUID, str]],
    kinds: Sequence[PolicyKind],
    began: rules.Beginning,
    by: str,
) -> Sequence[Deadline]:
    """A clock of each kind for each (subject id, department code); where a live one is, none."""
    limits = await _policies(session, kinds, began.at, began.region)
    days = await calendar.load(session, began.region)
    clocks = [
        rules.new_clock(limits[kind], subject_kind, subject_id, department_code, days, began)
        for subject_id, department_code in subjects
        for kind in kinds
    ]
    started = await queries.add_clocks(session, clocks)
    ids = [clock.id for clock in started]
    await queries.note(session, ids, Change.STARTED, by=by, now=began.at)
    return started


async def start_of(
    session: AsyncSession,
    subject_kind: SubjectKind,
    subject_id: UUID,
    kinds: Sequence[PolicyKind],
    department_code: str,
    began: rules.Beginning,
    by: str,
) -> Sequence[Deadline]:
    """The clocks of one subject. Raises StateConflict where one of these kinds is live."""
    subjects = [(subject_id, department_code)]
    started = await start_clocks(session, subject_kind, subjects, kinds, began, by)
    if len(started) < len(kinds):
        others = {*kinds} - {clock.kind for clock in started}
        found = await queries.lock_live(session, subject_kind, [subject_id], others)
        detail = Text(
            "该事项的这一时限已在计时，请刷新后查看",
            "This limit is already running; please reload",
        )
        refuse(found[0].clock.state, found[0].clock.version, detail)
    return started
