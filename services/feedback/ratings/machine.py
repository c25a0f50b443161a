"""The state machine of a bad rating: one table that API, permissions and tests are made from."""

from typing import NamedTuple

from services.feedback.deadlines.models import PolicyKind as P
from services.feedback.ratings.models import (
    MOST_REVISITS,
    Rating,
    RatingState,
    RevisitOutcome,
)
from services.feedback.ratings.models import Action as A
from services.feedback.ratings.models import RatingState as S
from services.feedback.ratings.rules import SamePerson
from shared.errors import Forbidden, StateConflict, Text
from shared.identity import Caller

OFFICER = frozenset({"officer"})
REVIEWER = frozenset({"reviewer", "supervisor"})
READERS = ("officer", "reviewer", "auditor", "supervisor", "hall_manager")


class Move(NamedTuple):
    """What an action makes of a rating, who may do it, and what it does to the limits."""

    to: S
    roles: frozenset[str]
    meets: tuple[P, ...] = ()
    pauses: tuple[P, ...] = ()
    resumes: tuple[P, ...] = ()
    starts: P | None = None
    by_another: bool = False


_FIX = (P.RATING_RECTIFY, P.RATING_RECTIFY_COMPLEX)
_FEEDBACK = Move(S.FEEDBACK_GIVEN, OFFICER, meets=_FIX, starts=P.RATING_REVISIT)

MOVES: dict[tuple[S, A], Move] = {
    (S.RATED_BAD, A.VERIFY): Move(
        S.VERIFYING, OFFICER, meets=(P.RATING_CONTACT,), starts=P.RATING_RECTIFY
    ),
    (S.VERIFYING, A.RECTIFY): Move(S.RECTIFYING, OFFICER),
    (S.VERIFYING, A.EXPLAIN): Move(S.EXPLAINED, OFFICER),
    (S.VERIFYING, A.APPEAL): Move(S.APPEALED, OFFICER, pauses=_FIX, starts=P.RATING_APPEAL),
    (S.APPEALED, A.CONFIRM): Move(
        S.CONFIRMED, REVIEWER, meets=(P.RATING_APPEAL,), resumes=_FIX, by_another=True
    ),
    (S.APPEALED, A.EXCLUDE): Move(S.EXCLUDED, REVIEWER, meets=(P.RATING_APPEAL,), by_another=True),
    (S.CONFIRMED, A.RECTIFY): Move(S.RECTIFYING, OFFICER),
    (S.EXPLAINED, A.FEEDBACK): _FEEDBACK,
    (S.RECTIFYING, A.FEEDBACK): _FEEDBACK,
    (S.FEEDBACK_GIVEN, A.REVISIT): Move(S.FEEDBACK_GIVEN, REVIEWER, by_another=True),
}
"""Where a return visit leads is `after_revisit`; what is not in the table is refused."""

AMENDABLE = frozenset({S.RATED_GOOD, S.RATED_BAD, S.VERIFYING})
ENDED = frozenset(
    {S.RATED_GOOD, S.EXCLUDED, S.SATISFIED_CLOSED, S.UNREACHABLE_CLOSED, S.UNDER_SUPERVISION}
)


def roles_of(action: A) -> frozenset[str]:
    """Who may do `action` in any state at all."""
    return frozenset().union(*(move.roles for (_, a), move in MOVES.items() if a is action))


def move_of(rating: Rating, action: A, caller: Caller, involved: frozenset[str]) -> Move:
    """The row of the table. Raises StateConflict, Forbidden or SamePerson.

    `involved` are those who acted for the department: none of them may judge their own work.
    """
    move = MOVES.get((rating.state, action))
    if move is None:
        raise StateConflict(
            Text(f"评价现为“{rating.state}”，不能这样办理", f"The rating is {rating.state}"),
            state=rating.state,
            version=rating.version,
        )
    if not caller.has(*move.roles):
        raise Forbidden
    if move.by_another and caller.sub in involved:
        raise SamePerson
    return move


def after_revisit(outcome: RevisitOutcome, *, round_: int, attempt: int) -> RatingState:
    """Satisfied or not to be reached three times: closed. Unsatisfied: once more, then 督办."""
    if outcome is RevisitOutcome.SATISFIED:
        return S.SATISFIED_CLOSED
    if outcome is RevisitOutcome.UNSATISFIED:
        return S.UNDER_SUPERVISION if round_ else S.RECTIFYING
    return S.UNREACHABLE_CLOSED if attempt >= MOST_REVISITS else S.FEEDBACK_GIVEN
