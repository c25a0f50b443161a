"""All SQL of the room."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, NoReturn

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    exists,
    func,
    literal,
    select,
    text,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar.models import CalendarEdition
from services.feedback.deadlines.basis import Limit
from services.feedback.deadlines.clock_set import IS_LIVE, Noted
from services.feedback.deadlines.models import (
    ACCUSATIONS,
    LIVE,
    ClockState,
    Deadline,
    DeadlinePolicy,
    PolicyKind,
)
from shared.database.deciding import DecidingSession, write_rows
from shared.ids import new_id
from shared.workflow import refuse


class FoundClock(NamedTuple):
    """A clock, and whether a later edition of the calendar is out than it was computed by."""

    clock: Deadline
    awaits_recomputing: bool


Clocks = Sequence[FoundClock]


def _awaits() -> ColumnElement[bool]:
    newest = (
        select(col(CalendarEdition.edition))
        .where(col(CalendarEdition.region) == col(Deadline.region))
        .scalar_subquery()
    )
    return func.coalesce(col(Deadline.calendar_edition) < newest, False)


_NOTE = text("""
    INSERT INTO deadline_change (id, deadline_id, change, at, by, due_on, provisional, reason)
    SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:deadline_id AS uuid[]),
        CAST(:change AS text[]), CAST(:at AS timestamptz[]), CAST(:by AS text[]),
        CAST(:due_on AS date[]), CAST(:provisional AS boolean[]), CAST(:reason AS text[]))
""")


async def limits(session: AsyncSession) -> Sequence[Limit]:
    """All policy rows, past and present."""
    columns = (col(getattr(DeadlinePolicy, name)) for name in Limit._fields)
    return [Limit(*row) for row in await session.execute(select(*columns))]


async def policies(
    session: AsyncSession, after: tuple[str, str, date] | None, limit: int
) -> Sequence[DeadlinePolicy]:
    """Policy rows, past and present, by region, kind and day."""
    # Compared as text: a cursor may hold what is no kind.
    key = (
        col(DeadlinePolicy.region),
        type_coerce(col(DeadlinePolicy.kind), String()),
        col(DeadlinePolicy.valid_from),
    )
    rows = select(DeadlinePolicy).order_by(*key).limit(limit)
    if after is not None:
        rows = rows.where(tuple_(*key) > after)
    return (await session.execute(rows)).scalars().all()


async def add_policy(session: AsyncSession, row: DeadlinePolicy) -> bool:
    """False if the region has a row of that kind for that day."""
    added = upsert(DeadlinePolicy).values(row.model_dump()).on_conflict_do_nothing()
    return (await session.execute(added.returning(col(DeadlinePolicy.id)))).first() is not None


async def add_clocks(session: AsyncSession, clocks: Sequence[Deadline]) -> Sequence[Deadline]:
    """Insert those whose subject has no live clock of the kind yet; returns the inserted ones.

    Of a decision all of them: it is refused where the unique index knows such a clock.
    """
    if isinstance(session, DecidingSession):
        session.add_all(clocks)
        session.statement.refusing("uq_deadline_live", _is_live)
        return clocks
    if not clocks:
        return []
    added = upsert(Deadline).on_conflict_do_nothing().returning(col(Deadline.id))
    rows = await session.execute(added, [clock.model_dump() for clock in clocks])
    ids = set(rows.scalars())
    return [clock for clock in clocks if clock.id in ids]


def _is_live() -> NoReturn:
    refuse(ClockState.RUNNING, 1, IS_LIVE)


async def outdated(session: AsyncSession, limit: int) -> Clocks:
    """Live clocks of an earlier edition, locked; those that somebody works on are left out."""
    rows = (
        select(Deadline, literal(True))
        .join(CalendarEdition, col(CalendarEdition.region) == col(Deadline.region))
        .where(
            col(Deadline.calendar_edition) < col(CalendarEdition.edition),
            col(Deadline.state).in_(LIVE),
        )
        .limit(limit)
        .with_for_update(of=Deadline, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return await _found(session, rows)


async def any_outdated(session: AsyncSession, region: str) -> bool:
    """Whether a live clock of the region was computed by an earlier edition."""
    found = select(
        exists().where(
            col(CalendarEdition.region) == region,
            col(Deadline.region) == region,
            col(Deadline.calendar_edition) < col(CalendarEdition.edition),
            col(Deadline.state).in_(LIVE),
        )
    )
    return bool((await session.execute(found)).scalar_one())


async def run_out(session: AsyncSession, kind: PolicyKind, now: datetime, limit: int) -> Clocks:
    """Running clocks of a kind whose time is over for certain, the longest over first."""
    rows = (
        select(Deadline, _awaits())
        .where(
            col(Deadline.kind) == kind,
            col(Deadline.state) == ClockState.RUNNING,
            col(Deadline.due_at) <= now,
            col(Deadline.provisional).is_(False),
        )
        .order_by(col(Deadline.due_at))
        .limit(limit)
        .with_for_update(of=Deadline, skip_locked=True)
    )
    return await _found(session, rows)


_NO_ACCUSATION = text("""
    NOT EXISTS (SELECT FROM letter l WHERE deadline.subject_kind = 'letter'
        AND l.id = deadline.subject_id AND l.kind = 'accusation')
""")
_ORDERS_NO_ACCUSATION = text("""
    NOT EXISTS (SELECT FROM supervision_item i
        JOIN deadline c ON c.id = i.cause_id AND c.subject_kind = 'letter'
        JOIN letter l ON l.id = c.subject_id
        WHERE deadline.subject_kind = 'supervision_order' AND i.order_id = deadline.subject_id
        AND i.cause = 'deadline' AND l.kind = 'accusation')
""")
_ACCUSES_NOBODY = text("""
    NOT EXISTS (SELECT FROM letter l WHERE deadline.subject_kind = 'letter'
        AND l.id = deadline.subject_id AND l.accused && CAST(:own AS varchar[]))
    AND NOT EXISTS (SELECT FROM supervision_item i
        JOIN deadline c ON c.id = i.cause_id AND c.subject_kind = 'letter'
        JOIN letter l ON l.id = c.subject_id
        WHERE deadline.subject_kind = 'supervision_order' AND i.order_id = deadline.subject_id
        AND i.cause = 'deadline' AND l.accused && CAST(:own AS varchar[]))
""")


async def work_list(
    session: AsyncSession,
    *,
    departments: Collection[str] | None,
    own: Collection[str],
    accusations: bool,
    state: ClockState | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> Clocks:
    """Clocks by due date; `departments` None means all of them. Never those of letters that accuse
    one of `own`, and of other accusations only if wanted; the orders about those are the handling
    department's too.
    """
    in_order = (col(Deadline.due_on), col(Deadline.id))
    rows = select(Deadline, _awaits()).order_by(*in_order).limit(limit)
    if departments is not None:
        rows = rows.where(col(Deadline.department_code).in_(departments))
    if own:
        rows = rows.where(_ACCUSES_NOBODY.bindparams(own=sorted(own)))
    if not accusations:
        rows = rows.where(col(Deadline.department_code) != ACCUSATIONS, _NO_ACCUSATION)
        if departments is None:
            rows = rows.where(_ORDERS_NO_ACCUSATION)
    if state is not None:
        rows = rows.where(col(Deadline.state) == state)
    if after is not None:
        rows = rows.where(tuple_(*in_order) > after)
    return await _found(session, rows)


async def _found(session: AsyncSession, rows: Select[Deadline, bool]) -> Clocks:
    return [FoundClock(*row) for row in await session.execute(rows)]


async def note(session: AsyncSession, noted: Sequence[Noted]) -> None:
    """Append to the history of clocks."""
    rows = [{"id": new_id(), **one._asdict(), "change": one.change.value} for one in noted]
    await write_rows(session, _NOTE, rows)
