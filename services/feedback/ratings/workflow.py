"""The state machine of a bad rating: one table that API, permissions and tests are made from.

The citizen may amend the rating once within 24 hours, until the department begins to put it right.
A return visit is made by someone who had no part in it, at most three tries on different days.
"""

from enum import StrEnum
from typing import NamedTuple

from services.feedback.deadlines.models import PolicyKind as P
from services.feedback.ratings.models import (
    MOST_REVISITS,
    InvitationState,
    Rating,
    RatingState,
    RevisitOutcome,
)
from services.feedback.ratings.models import RatingAction as A
from services.feedback.ratings.models import RatingState as S
from services.feedback.ratings.rules import SamePerson
from shared.errors import Text
from shared.security.identity import Caller
from shared.workflow import Arrow, Workflow

OFFICER = frozenset({"officer"})
REVIEWER = frozenset({"reviewer", "supervisor"})
READERS = ("officer", "reviewer", "auditor", "supervisor", "hall_manager")


class FollowUp(StrEnum):
    """What else a move brings about."""

    NOTHING = ""
    LONGER_LIMIT = "a complex matter gets its longer limit"
    ASK_FOR_REVISIT = "somebody else is asked to visit"
    REVISIT = "the visit decides where it leads"
    UNCOUNTED = "whoever counts ratings is told that it is none"


class RatingMove(NamedTuple):
    """What an action makes of a rating, who may do it, and what it does to the limits.

    `by_department`: whoever takes it acts for the department; `by_another`: by nobody who did.
    `to` None: see `after_revisit`.
    """

    state: S
    action: A
    to: S | None
    roles: frozenset[str]
    meets: tuple[P, ...] = ()
    pauses: tuple[P, ...] = ()
    resumes: tuple[P, ...] = ()
    starts: P | None = None
    by_another: bool = False
    by_department: bool = False
    then: FollowUp = FollowUp.NOTHING


_FIX = (P.RATING_RECTIFY, P.RATING_RECTIFY_COMPLEX)
_DECIDED = (P.RATING_APPEAL,)

_M, _F = RatingMove, FollowUp
MOVES = (
    _M(S.RATED_BAD, A.VERIFY, S.VERIFYING, OFFICER,
       meets=(P.RATING_CONTACT,), starts=P.RATING_RECTIFY, by_department=True),
    _M(S.VERIFYING, A.RECTIFY, S.RECTIFYING, OFFICER, then=_F.LONGER_LIMIT, by_department=True),
    _M(S.VERIFYING, A.EXPLAIN, S.EXPLAINED, OFFICER, by_department=True),
    _M(S.VERIFYING, A.APPEAL, S.APPEALED, OFFICER,
       pauses=_FIX, starts=P.RATING_APPEAL, by_department=True),
    _M(S.APPEALED, A.CONFIRM, S.CONFIRMED, REVIEWER,
       meets=_DECIDED, resumes=_FIX, by_another=True),
    _M(S.APPEALED, A.EXCLUDE, S.EXCLUDED, REVIEWER,
       meets=_DECIDED, by_another=True, then=_F.UNCOUNTED),
    _M(S.CONFIRMED, A.RECTIFY, S.RECTIFYING, OFFICER, then=_F.LONGER_LIMIT, by_department=True),
    _M(S.EXPLAINED, A.FEEDBACK, S.FEEDBACK_GIVEN, OFFICER,
       meets=_FIX, starts=P.RATING_REVISIT, then=_F.ASK_FOR_REVISIT, by_department=True),
    _M(S.RECTIFYING, A.FEEDBACK, S.FEEDBACK_GIVEN, OFFICER,
       meets=_FIX, starts=P.RATING_REVISIT, then=_F.ASK_FOR_REVISIT, by_department=True),
    _M(S.FEEDBACK_GIVEN, A.REVISIT, None, REVIEWER, by_another=True, then=_F.REVISIT),
)  # fmt: skip
DEPARTMENT_ACTIONS = tuple(dict.fromkeys(move.action for move in MOVES if move.by_department))
"""Whoever took one of these has acted for the department, and may not judge its work."""
STATES = {
    S.RATED_GOOD: Text("好评", "good"),
    S.RATED_BAD: Text("收到差评", "bad"),
    S.VERIFYING: Text("核实中", "being verified"),
    S.EXPLAINED: Text("已说明", "explained"),
    S.APPEALED: Text("申诉中", "appealed"),
    S.CONFIRMED: Text("维持差评", "upheld"),
    S.EXCLUDED: Text("不计入统计", "excluded"),
    S.RECTIFYING: Text("整改中", "being put right"),
    S.FEEDBACK_GIVEN: Text("已反馈群众", "reported back"),
    S.SATISFIED_CLOSED: Text("满意办结", "closed, satisfied"),
    S.UNREACHABLE_CLOSED: Text("未能联系办结", "closed, not reached"),
    S.UNDER_SUPERVISION: Text("转二级督办", "under supervision"),
}
ACTIONS = {
    A.VERIFY: Text("核实", "verify"),
    A.EXPLAIN: Text("说明", "explain"),
    A.APPEAL: Text("申诉", "appeal"),
    A.CONFIRM: Text("维持", "uphold"),
    A.EXCLUDE: Text("剔除", "exclude"),
    A.RECTIFY: Text("整改", "put right"),
    A.FEEDBACK: Text("反馈", "report back"),
    A.REVISIT: Text("回访", "return visit"),
}
WORKFLOW = Workflow(
    MOVES,
    STATES,
    ACTIONS,
    title=Text("评价", "Ratings"),
    starts=[S.RATED_GOOD, S.RATED_BAD],
    columns={
        "meets": Text("了结时限", "meets"),
        "pauses": Text("暂停时限", "pauses"),
        "resumes": Text("恢复时限", "resumes"),
        "starts": Text("起算时限", "starts"),
        "by_another": Text("另一人", "another person"),
        "then": Text("随之", "also"),
    },
    arrows=[
        Arrow(S.FEEDBACK_GIVEN, S.SATISFIED_CLOSED, "satisfied"),
        Arrow(S.FEEDBACK_GIVEN, S.RECTIFYING, "unsatisfied"),
        Arrow(S.FEEDBACK_GIVEN, S.UNDER_SUPERVISION, "unsatisfied, again"),
        Arrow(S.FEEDBACK_GIVEN, S.UNREACHABLE_CLOSED, f"unreachable, {MOST_REVISITS} tries"),
    ],
)

AMENDABLE = frozenset({S.RATED_GOOD, S.RATED_BAD, S.VERIFYING})


def move_of(rating: Rating, action: A, caller: Caller, involved: frozenset[str]) -> RatingMove:
    """The row of the table. Raises StateConflict, Forbidden or SamePerson.

    `involved` are those who acted for the department: none of them may judge their own work.
    """
    barred = {row.action for row in MOVES if row.by_another and caller.sub in involved}
    move = WORKFLOW.take(rating.state, rating.version, action, caller.roles, barred)
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


class InvitationAction(StrEnum):
    RATE = "rate"
    EXPIRE = "expire"


class InvitationMove(NamedTuple):
    """What becomes of the right to rate. The citizen who has its token is in no role of staff."""

    state: InvitationState
    action: InvitationAction
    to: InvitationState
    roles: frozenset[str]


_I = InvitationState
USED = InvitationMove(_I.OPEN, InvitationAction.RATE, _I.RATED, frozenset({"citizen"}))
OVER = InvitationMove(_I.OPEN, InvitationAction.EXPIRE, _I.EXPIRED, frozenset())
INVITATIONS = Workflow(
    (USED, OVER),
    {
        _I.OPEN: Text("可以评价", "open"),
        _I.RATED: Text("已评价", "rated"),
        _I.EXPIRED: Text("已过期", "expired"),
    },
    {
        InvitationAction.RATE: Text("评价", "rate"),
        InvitationAction.EXPIRE: Text("过期", "expire"),
    },
    title=Text("评价邀请", "Invitations"),
    starts=[_I.OPEN],
)
