"""All SQL of the room. State changes compare and swap; sweeps are one statement each."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Update, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.feedback.deadlines.models import (
    COUNTRY,
    LIVE,
    ClockState,
    Deadline,
    DeadlineChange,
    DeadlinePolicy,
    PolicyKind,
    SubjectKind,
)
from services.feedback.deadlines.rules import CITIZENS_CLOCKS
from services.feedback.tables import system
from shared import outbox
from shared.events import Event

SWEEP = 1000
"""Rows a sweep takes at a time: keeps each statement far below the statement timeout."""


async def policy_for(
    session: AsyncSession, kind: PolicyKind, region: str, on: date
) -> DeadlinePolicy | None:
    """The row in force on a day: the region's own before the country's, the latest first."""
    found = (
        select(DeadlinePolicy)
        .where(
            col(DeadlinePolicy.kind) == kind,
            col(DeadlinePolicy.region).in_((region, COUNTRY)),
            col(DeadlinePolicy.valid_from) <= on,
        )
        .order_by(
            (col(DeadlinePolicy.region) == region).desc(), col(DeadlinePolicy.valid_from).desc()
        )
        .limit(1)
    )
    return (await session.execute(found)).scalar_one_or_none()


async def policies(session: AsyncSession) -> Sequence[DeadlinePolicy]:
    """Every policy row, past and present."""
    rows = select(DeadlinePolicy).order_by(
        col(DeadlinePolicy.region), col(DeadlinePolicy.kind), col(DeadlinePolicy.valid_from)
    )
    return (await session.execute(rows)).scalars().all()


async def add_clocks(session: AsyncSession, clocks: Sequence[Deadline]) -> Sequence[Deadline]:
    """Insert those whose subject has no live clock of the kind yet; returns the inserted ones."""
    if not clocks:
        return []
    values = [clock.model_dump() for clock in clocks]
    added = upsert(Deadline).values(values).on_conflict_do_nothing().returning(col(Deadline.id))
    ids = set((await session.execute(added)).scalars())
    return [clock for clock in clocks if clock.id in ids]


async def lock_live(
    session: AsyncSession, kind: SubjectKind, subject_id: UUID, kinds: Collection[PolicyKind]
) -> Sequence[Deadline]:
    """The subject's live clocks, locked until the transaction ends, so that changes queue up."""
    live = (
        select(Deadline)
        .where(
            col(Deadline.subject_kind) == kind,
            col(Deadline.subject_id) == subject_id,
            col(Deadline.state).in_(LIVE),
        )
        .order_by(col(Deadline.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if kinds:
        live = live.where(col(Deadline.kind).in_(kinds))
    return (await session.execute(live)).scalars().all()


async def of_subjects(
    session: AsyncSession, kind: SubjectKind, subject_ids: Collection[UUID]
) -> Sequence[Deadline]:
    """All clocks of these subjects, past and present, oldest first."""
    rows = (
        select(Deadline)
        .where(col(Deadline.subject_kind) == kind, col(Deadline.subject_id).in_(subject_ids))
        .order_by(col(Deadline.started_at), col(Deadline.id))
    )
    return (await session.execute(rows)).scalars().all()


async def run_out(
    session: AsyncSession, kind: PolicyKind, now: datetime, limit: int
) -> Sequence[Deadline]:
    """Running clocks of a kind whose time is over for certain, the longest over first."""
    rows = (
        select(Deadline)
        .where(
            col(Deadline.kind) == kind,
            col(Deadline.state) == ClockState.RUNNING,
            col(Deadline.due_at) <= now,
            col(Deadline.provisional).is_(False),
        )
        .order_by(col(Deadline.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(rows)).scalars().all()


async def breach(session: AsyncSession, now: datetime) -> Sequence[Deadline]:
    """Up to SWEEP running clocks past their time become breached; the citizen's own never do."""
    return await _sweep(
        session,
        (
            col(Deadline.state) == ClockState.RUNNING,
            col(Deadline.due_at) <= now,
            col(Deadline.provisional).is_(False),
            col(Deadline.kind).not_in(CITIZENS_CLOCKS),
        ),
        update(Deadline).values(
            state=ClockState.BREACHED, breached_at=now, version=col(Deadline.version) + 1
        ),
    )


async def remind(
    session: AsyncSession, *, due_before: date, started_before: date, reminder: int
) -> Sequence[Deadline]:
    """Up to SWEEP running clocks that end before a day and have not had this reminder yet."""
    return await _sweep(
        session,
        (
            col(Deadline.state) == ClockState.RUNNING,
            col(Deadline.due_on) < due_before,
            col(Deadline.base_on) < started_before,
            col(Deadline.reminded) < reminder,
            col(Deadline.kind).not_in(CITIZENS_CLOCKS),
        ),
        update(Deadline).values(reminded=reminder),
    )


async def _sweep(
    session: AsyncSession, chosen: Iterable[ColumnElement[bool]], change: Update
) -> Sequence[Deadline]:
    """One bounded statement; rows that another transaction works on are left for the next sweep."""
    ids = select(col(Deadline.id)).where(*chosen).limit(SWEEP).with_for_update(skip_locked=True)
    changed = change.where(col(Deadline.id).in_(ids)).returning(Deadline)
    rows = await session.execute(changed, execution_options={"populate_existing": True})
    return rows.scalars().all()


async def touched_by_year(
    session: AsyncSession, region: str, year: int, after: UUID | None
) -> Sequence[Deadline]:
    """Up to SWEEP live clocks, locked, that count days of `year`; `after` pages through them.

    The country's notice also concerns regions, whose own days only differ from it.
    """
    first, last = date(year, 1, 1), date(year, 12, 31)
    rows = (
        select(Deadline)
        .where(
            col(Deadline.state).in_(LIVE),
            col(Deadline.base_on) <= last,
            or_(col(Deadline.due_on) >= first, col(Deadline.state) == ClockState.PAUSED),
        )
        .order_by(col(Deadline.id))
        .limit(SWEEP)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if region != COUNTRY:
        rows = rows.where(col(Deadline.region) == region)
    if after is not None:
        rows = rows.where(col(Deadline.id) > after)
    return (await session.execute(rows)).scalars().all()


async def work_list(
    session: AsyncSession,
    *,
    departments: Collection[str] | None,
    state: ClockState | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> Sequence[Deadline]:
    """Clocks by due date; `departments` None means all of them."""
    rows = select(Deadline).order_by(col(Deadline.due_on), col(Deadline.id)).limit(limit)
    if departments is not None:
        rows = rows.where(col(Deadline.department_code).in_(departments))
    if state is not None:
        rows = rows.where(col(Deadline.state) == state)
    if after is not None:
        rows = rows.where(tuple_(col(Deadline.due_on), col(Deadline.id)) > after)
    return (await session.execute(rows)).scalars().all()


async def note(session: AsyncSession, changes: Sequence[DeadlineChange]) -> None:
    """Append to the history of the clocks."""
    if changes:
        await session.execute(insert(DeadlineChange), [change.model_dump() for change in changes])


async def publish(session: AsyncSession, events: Sequence[tuple[Event, str, UUID]]) -> None:
    """Promise many events at once: each with its scope and its subject's id."""
    rows = [
        outbox.row(event, scope=scope, subject=str(of))._asdict() for event, scope, of in events
    ]
    if rows:
        await session.execute(insert(system["outbox"]), rows)
