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


async def policy(
    session: AsyncSession, kind: PolicyKind, now: datetime, region: str = COUNTRY
) -> DeadlinePolicy:
    """The policy row in force today. Raises LookupError where none was ever loaded."""
    found = await queries.policy_for(session, kind, region, today(now))
    if found is None:
        raise LookupError(f"no deadline policy for {kind} in {region}")
    return found


async def start_clocks(
    session: AsyncSession,
    subject_kind: SubjectKind,
    subjects: Iterable[tuple[UUID, str]],
    kind: PolicyKind,
    began: rules.Beginning,
    by: str,
) -> Sequence[Deadline]:
    """One clock for each (subject id, department code); those that have a live one are left out."""
    limit = await policy(session, kind, began.at, began.region)
    days = await calendar.load(session, began.region)
    clocks = [
        rules.new_clock(limit, subject_kind, subject_id, department_code, days, began)
        for subject_id, department_code in subjects
    ]
    started = await queries.add_clocks(session, clocks)
    ids = [clock.id for clock in started]
    await queries.note(session, ids, Change.STARTED, by=by, now=began.at)
    return started
