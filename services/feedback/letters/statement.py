"""The work list of letters: who sees which, narrowed down how, in which order.

Each statement is read in the order of an index: what a list has in front is there at once, however
many letters there are.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.feedback import office
from services.feedback.deadlines.models import LIVE, ClockState, Deadline, SubjectKind
from services.feedback.letters.limits import DECISION_LIMITS, REPLY_LIMITS
from services.feedback.letters.models import Anonymity, Letter
from services.feedback.letters.schemas import LetterFilter
from shared.security.identity import Caller

NEVER_DUE = date.max
"""Sorted behind everything that is due."""

LIVE_OF_LETTERS = (
    "deadline.subject_kind = 'letter' AND deadline.state IN ('running', 'paused', 'breached')"
)
Conditions = Sequence[ColumnElement[bool]]
Place = tuple[Any, ...]


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


def latest(
    caller: Caller, wanted: LetterFilter, besides: Conditions, after: Place | None, limit: int
) -> Select[Letter, date]:
    """The latest first, each with the day that it is due."""
    key = (col(Letter.received_at), col(Letter.id))
    conditions = [*_of_letter(caller, wanted), *_of_limit(wanted), *besides]
    if after is not None:
        conditions.append(tuple_(*key) < after)
    backwards = [column.desc() for column in key]
    if len(wanted.states) > 1:
        conditions = [col(Letter.id).in_(_of_each_state(wanted, conditions, backwards, limit))]
    rows = select(Letter, func.coalesce(col(Deadline.due_on), NEVER_DUE))
    rows = rows.outerjoin(Deadline, _its_clock()).where(*conditions)
    return rows.order_by(*backwards).limit(limit)


def _of_each_state(
    wanted: LetterFilter, conditions: Conditions, backwards: Sequence[Any], limit: int
) -> Any:
    """Of each state the first ones: together in one order they would be looked for among all."""
    each = (
        select(col(Letter.id))
        .outerjoin(Deadline, _its_clock())
        .where(*conditions, col(Letter.state) == state)
        .order_by(*backwards)
        .limit(limit)
        .subquery()
        for state in wanted.states
    )
    return union_all(*(select(first) for first in each))


def by_limit(
    caller: Caller, wanted: LetterFilter, besides: Conditions, after: Place | None, limit: int
) -> Iterator[Select[Letter, date]]:
    """Those that a limit to reply runs for, in its order; then the others by id. Each has an index
    of its own, and the two in one statement would have to be sorted, all of them.
    """
    of_letter = [*_of_letter(caller, wanted), *besides]
    if after is None or after[0] < NEVER_DUE:
        yield _limited(of_letter, _of_limit(wanted), after, limit)
        after = None
    if wanted.due_before is None and not wanted.overdue:
        yield _unlimited(of_letter, after, limit)


def _limited(of_letter: Conditions, of_limit: Conditions, after: Place | None, limit: int) -> Any:
    """Letter by letter: how many letters fit their clocks nobody who plans would guess."""
    key = (col(Deadline.due_on), col(Deadline.subject_id))
    its = select(Letter).where(_its_clock(), *of_letter, *of_limit).limit(1)
    letter = aliased(Letter, its.correlate(Deadline).lateral())
    rows = select(letter, key[0]).select_from(Deadline).join(letter, true())
    # In the words of the index.
    rows = rows.where(literal_column(LIVE_OF_LETTERS))
    if after is not None:
        rows = rows.where(tuple_(*key) > after)
    return rows.order_by(*key).limit(limit)


def _unlimited(of_letter: Conditions, after: Place | None, limit: int) -> Any:
    clock = select(col(Deadline.id)).where(_its_clock()).limit(1).correlate(Letter)
    rows = select(Letter, literal(NEVER_DUE)).where(*of_letter, clock.scalar_subquery().is_(None))
    if after is not None:
        rows = rows.where(col(Letter.id) > after[1])
    return rows.order_by(col(Letter.id)).limit(limit)


def _its_clock() -> ColumnElement[bool]:
    """The limit that runs for a letter (`limits.limit_of`): one at most."""
    to_reply = {kind: limit.value for kind, limit in REPLY_LIMITS.items()}
    to_decide = {state: limit.value for limit, state in DECISION_LIMITS.items()}
    by_kind = case(to_reply, value=col(Letter.kind))
    return and_(
        col(Deadline.subject_kind) == SubjectKind.LETTER,
        col(Deadline.subject_id) == col(Letter.id),
        col(Deadline.kind) == case(to_decide, value=col(Letter.state), else_=by_kind),
        col(Deadline.state).in_(LIVE),
    )


def _of_letter(caller: Caller, wanted: LetterFilter) -> list[ColumnElement[bool]]:
    equal = {
        col(Letter.kind): wanted.kind,
        col(Letter.department_code): wanted.department_code,
        col(Letter.reg_no): wanted.reg_no,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    if wanted.contact:
        conditions.append(col(Letter.contact_index).in_(wanted.contact))
        if not office.in_the_office(caller):
            # Else the phone number of a sender in confidence could be tried out.
            conditions.append(col(Letter.anonymity) != Anonymity.CONFIDENTIAL)
    if wanted.states:
        conditions.append(col(Letter.state).in_(wanted.states))
    if wanted.received_after is not None:
        conditions.append(col(Letter.received_at) > wanted.received_after)
    return [visible_to(caller), *conditions]


def _of_limit(wanted: LetterFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.due_before is not None:
        conditions.append(col(Deadline.due_on) < wanted.due_before)
    if wanted.overdue is not None and wanted.now is not None:
        # Null without a limit, and so left out: the late ones are found from their limits.
        late = _late(wanted.now)
        conditions.append(late if wanted.overdue else ~func.coalesce(late, false()))
    return conditions


def _late(now: datetime) -> ColumnElement[bool]:
    """`deadlines.rules.is_overdue` of the limit to reply, as a condition; null without a limit."""
    counting = col(Deadline.state).in_((ClockState.RUNNING, ClockState.BREACHED))
    return and_(counting, ~col(Deadline.provisional), col(Deadline.due_at) <= now)
