"""All SQL about letters themselves."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, select, text, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback import office
from services.feedback.deadlines.models import LIVE, ClockState, Deadline, SubjectKind
from services.feedback.letters import rules
from services.feedback.letters.limits import REPLY_LIMITS
from services.feedback.letters.models import (
    Anonymity,
    DuplicateHint,
    Letter,
    LetterDay,
    LetterSupplement,
)
from services.feedback.letters.schemas import LetterFilter, LetterOrder
from shared.database.engine import DirectPool
from shared.security.identity import Caller

NEVER_DUE = date.max
"""Sorted behind everything that is due."""


class Alike(NamedTuple):
    """A letter, and how many numbers its sketch has in common with another."""

    id: UUID
    in_common: int


class HintRow(NamedTuple):
    """A letter, an earlier one that reads much like it, and how much."""

    letter_id: UUID
    other_id: UUID
    other_reg_no: str
    likeness: float


class ListedLetter(NamedTuple):
    """A letter of a work list, and the last day to reply; `NEVER_DUE` where none is running."""

    letter: Letter
    due_on: date


class Attempts(NamedTuple):
    """The wrong codes tried on a number, and when the count began."""

    failures: int
    first_at: datetime


async def next_serial(session: AsyncSession, region: str, day: date) -> int:
    """The day's next serial. Locks the day's row until the transaction ends, so that a letter that
    rolls back gives its number back and the series has no gap.
    """
    take = (
        insert(LetterDay)
        .values(region=region, day=day, last_serial=1)
        .on_conflict_do_update(
            index_elements=["region", "day"],
            set_={"last_serial": col(LetterDay.last_serial) + 1},
        )
        .returning(col(LetterDay.last_serial))
    )
    return int((await session.execute(take)).scalar_one())


async def by_id(session: AsyncSession, letter_id: UUID) -> Letter | None:
    """The letter as it stands now, whatever this session has read before."""
    rows = select(Letter).where(col(Letter.id) == letter_id)
    found = await session.execute(rows.execution_options(populate_existing=True))
    return found.scalars().one_or_none()


async def by_number(session: AsyncSession, reg_no: str) -> Letter | None:
    rows = select(Letter).where(col(Letter.reg_no) == reg_no)
    return (await session.execute(rows)).scalars().one_or_none()


async def renew_code(session: AsyncSession, letter_id: UUID, code_hash: str) -> None:
    change = update(Letter).where(col(Letter.id) == letter_id).values(renewed_code_hash=code_hash)
    await session.execute(change)


async def of_account(
    session: AsyncSession, account: Sequence[str], after: tuple[Any, ...] | None, limit: int
) -> Sequence[Letter]:
    """The letters of an account, by its digests; latest first."""
    rows = (
        select(Letter)
        .where(col(Letter.account_index).in_(account))
        .order_by(col(Letter.received_at).desc(), col(Letter.id).desc())
        .limit(limit)
    )
    if after is not None:
        rows = rows.where(tuple_(col(Letter.received_at), col(Letter.id)) < after)
    return (await session.execute(rows)).scalars().all()


async def merged_into(session: AsyncSession, letter_id: UUID) -> Sequence[Letter]:
    rows = (
        select(Letter)
        .where(col(Letter.merged_into) == letter_id)
        .order_by(col(Letter.received_at), col(Letter.id))
        .execution_options(populate_existing=True)
    )
    return (await session.execute(rows)).scalars().all()


async def supplements(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[LetterSupplement]:
    """What the senders of these letters added, in the order in which it came."""
    rows = (
        select(LetterSupplement)
        .where(col(LetterSupplement.letter_id).in_(ids))
        .order_by(col(LetterSupplement.id))
    )
    return (await session.execute(rows)).scalars().all()


async def lock_pair(session: AsyncSession, one: UUID, other: UUID) -> dict[UUID, Letter]:
    """Both letters, locked in the order of their ids: opposite merges cannot deadlock."""
    rows = (
        select(Letter)
        .where(col(Letter.id).in_([one, other]))
        .order_by(col(Letter.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {letter.id: letter for letter in (await session.execute(rows)).scalars()}


async def alike(
    session: AsyncSession, sketch: list[int], since: datetime, limit: int
) -> Sequence[Alike]:
    """The letters since a moment that are most like a sketch."""
    if not sketch:
        return []
    theirs = func.unnest(col(Letter.sketch)).column_valued("number")
    shared = select(func.count()).where(theirs.in_(sketch)).scalar_subquery()
    rows = (
        select(col(Letter.id), shared.label("shared"))
        .where(col(Letter.sketch).bool_op("&&")(sketch), col(Letter.received_at) >= since)
        .order_by(shared.desc(), col(Letter.received_at).desc())
        .limit(limit)
    )
    return [Alike(*row) for row in await session.execute(rows)]


async def duplicates_of(
    session: AsyncSession, ids: Sequence[UUID], caller: Caller
) -> Sequence[HintRow]:
    """What was noted of these letters, where the caller may see the other."""
    rows = (
        select(
            col(DuplicateHint.letter_id),
            col(Letter.id),
            col(Letter.reg_no),
            col(DuplicateHint.likeness),
        )
        .join(Letter, col(Letter.id) == col(DuplicateHint.other_id))
        .where(col(DuplicateHint.letter_id).in_(ids), visible_to(caller))
        .order_by(col(DuplicateHint.likeness).desc())
    )
    return [HintRow(*row) for row in await session.execute(rows)]


def visible_to(caller: Caller) -> ColumnElement[bool]:
    """`rules.may_see` as a condition on Letter; a test holds the two against each other."""
    own = sorted(office.own_departments(caller))
    not_accused = ~col(Letter.accused).bool_op("&&")(own) if own else true()
    if office.in_the_office(caller):
        return not_accused
    if not caller.has("officer", "reviewer", "supervisor"):
        return false()
    if office.EVERYWHERE in caller.places:
        nobody_accused = func.cardinality(col(Letter.accused)) == 0
        return and_(not_accused, nobody_accused, col(Letter.department_code).is_not(None))
    return and_(not_accused, col(Letter.department_code).in_(own))


async def work_list(
    session: AsyncSession,
    caller: Caller,
    wanted: LetterFilter,
    after: tuple[Any, ...] | None,
    limit: int,
    *besides: ColumnElement[bool],
) -> Sequence[ListedLetter]:
    """Letters that the caller may see: latest first, or by the day that their reply is due.

    `after` is the place of the last one before; what must hold `besides` is the caller's business.
    """
    conditions = (visible_to(caller), *_conditions(wanted, caller), *besides)
    if wanted.order is LetterOrder.DUE_ON:
        return await _by_due_date(session, conditions, after, limit)
    due_on = func.coalesce(col(Deadline.due_on), NEVER_DUE)
    rows = select(Letter, due_on).outerjoin(Deadline, _reply_clock()).where(*conditions)
    key = tuple_(col(Letter.received_at), col(Letter.id))
    rows = rows.where(key < after) if after is not None else rows
    rows = rows.order_by(col(Letter.received_at).desc(), col(Letter.id).desc()).limit(limit)
    return [ListedLetter(*row) for row in await session.execute(rows)]


async def _by_due_date(
    session: AsyncSession,
    conditions: Sequence[ColumnElement[bool]],
    after: tuple[Any, ...] | None,
    limit: int,
) -> Sequence[ListedLetter]:
    """Those that a limit runs for, in its order, then the others by id: each has an index of its
    own, and the two in one statement would have to be sorted, all of them.
    """
    found: list[ListedLetter] = []
    if after is None or after[0] < NEVER_DUE:
        due_on, letter_id = col(Deadline.due_on), col(Deadline.subject_id)
        limited = select(Letter, due_on).join(Deadline, _reply_clock()).where(*conditions)
        if after is not None:
            limited = limited.where(tuple_(due_on, letter_id) > after)
        limited = limited.order_by(due_on, letter_id).limit(limit)
        found, after = [ListedLetter(*row) for row in await session.execute(limited)], None
    if len(found) < limit:
        others = select(Letter).outerjoin(Deadline, _reply_clock())
        others = others.where(*conditions, col(Deadline.id).is_(None))
        others = others.where(col(Letter.id).not_in([row.letter.id for row in found]))
        others = others.where(col(Letter.id) > after[1]) if after is not None else others
        others = others.order_by(col(Letter.id)).limit(limit - len(found))
        found += [ListedLetter(row, NEVER_DUE) for row in await session.scalars(others)]
    return found


def _reply_clock() -> ColumnElement[bool]:
    """The limit to reply that runs for a letter: by its kind, and one at most."""
    limit_of = {kind: limit.value for kind, limit in REPLY_LIMITS.items()}
    return and_(
        col(Deadline.subject_kind) == SubjectKind.LETTER,
        col(Deadline.subject_id) == col(Letter.id),
        col(Deadline.kind) == case(limit_of, value=col(Letter.kind)),
        col(Deadline.state).in_(LIVE),
    )


def _late(now: datetime) -> ColumnElement[bool]:
    """`deadlines.rules.is_overdue` of the limit to reply, as a condition; null without a limit."""
    counting = col(Deadline.state).in_((ClockState.RUNNING, ClockState.BREACHED))
    return and_(counting, ~col(Deadline.provisional), col(Deadline.due_at) <= now)


def _conditions(wanted: LetterFilter, caller: Caller) -> list[ColumnElement[bool]]:
    equal = {
        col(Letter.kind): wanted.kind,
        col(Letter.department_code): wanted.department_code,
        col(Letter.reg_no): wanted.reg_no,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    if wanted.contact:
        conditions.append(col(Letter.contact_index).in_(wanted.contact))
    if wanted.contact and not office.in_the_office(caller):
        # Else the phone number of a sender in confidence could be tried out.
        conditions.append(col(Letter.anonymity) != Anonymity.CONFIDENTIAL)
    if wanted.states:
        conditions.append(col(Letter.state).in_(wanted.states))
    if wanted.received_after is not None:
        conditions.append(col(Letter.received_at) > wanted.received_after)
    if wanted.due_before is not None:
        conditions.append(col(Deadline.due_on) < wanted.due_before)
    if wanted.overdue is not None and wanted.now is not None:
        # Null is what is left out in the first case, and told from late in the second: so the late
        # ones are found from their limits, which are few.
        late = _late(wanted.now)
        conditions.append(late if wanted.overdue else ~func.coalesce(late, false()))
    return conditions


async def attempts(direct: DirectPool, reg_no: str) -> Attempts | None:
    """The wrong codes tried on a number, None where there were none."""
    found = await direct.fetchrow(
        "SELECT failures, first_at FROM code_attempt WHERE reg_no = $1", reg_no
    )
    return Attempts(*found) if found is not None else None


async def count_wrong_code(direct: DirectPool, reg_no: str, now: datetime) -> None:
    """Commits by itself, for the request that tried the code is rolled back. An hour later the
    count starts again.
    """
    await direct.execute(
        """
        INSERT INTO code_attempt AS a (reg_no, failures, first_at) VALUES ($1, 1, $2)
        ON CONFLICT (reg_no) DO UPDATE SET
            failures = CASE WHEN a.first_at < $3 THEN 1 ELSE a.failures + 1 END,
            first_at = CASE WHEN a.first_at < $3 THEN $2 ELSE a.first_at END
        """,
        reg_no,
        now,
        now - rules.ATTEMPT_WINDOW,
    )


async def forget_attempts(session: AsyncSession, before: datetime) -> int:
    """Delete the counts that no longer matter."""
    rows = await session.execute(
        text("DELETE FROM code_attempt WHERE first_at < :before RETURNING 1"), {"before": before}
    )
    return len(rows.all())
