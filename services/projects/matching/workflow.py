"""How a person decides on a page that is taken for a duty's publication.

A page that means that the duty was published late or too early is not believed on one person's
word, nor is that the last candidate of a duty whose limit is over is none, nor that the only page
that published a duty was taken down: the match is passed on to a second person and stays as it is.
What the matcher is sure of, and does not mean late or too early, is accepted from the start. An
accepted page that can no longer be read is back with a person, who says whether it is still there;
until then, and once it can be read again, it stays accepted. So is one that claims another day of
publication since a person accepted it, or by which the verdict would be another one: the new day
counts once it is taken over, by two persons where it makes the duty late or early, or no longer so.
What a person refused comes back once its page says something else.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from services.projects.matching.models import MatchState, ReviewReason
from shared.errors import Text
from shared.workflow import Workflow


class MatchAction(StrEnum):
    ACCEPT = "accept"
    PASS_ON = "pass_on"
    PASS_ON_GONE = "pass_on_gone"
    REJECT = "reject"
    PASS_ON_REJECTED = "pass_on_rejected"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    PASS_ON_WITHDRAWN = "pass_on_withdrawn"
    TAKE_CLAIM = "take_claim"
    PASS_ON_CLAIM = "pass_on_claim"
    KEEP_CLAIM = "keep_claim"


class MatchStep(NamedTuple):
    """What a decision makes of a match, whether it ends the review, and its word in the log."""

    state: MatchState
    action: MatchAction
    to: MatchState
    roles: frozenset[str]
    audited: str
    is_final: bool = True
    reason: ReviewReason | None = None
    """Why the match stays in review, or is known to be unreadable."""
    drops_reason: bool = False
    refuses: bool = False
    """Whether what the page says is refused, and not asked again until it says something else."""

    def changes(self, was: ReviewReason | None, caller: str, now: datetime) -> dict[str, Any]:
        """The columns of a match that waited by the reason `was` which the decision writes.

        What was looked at because it says something else waits for that no more.
        """
        if self.is_final:
            decided = {"state": self.to, "decided_at": now, "decided_by": caller}
            is_looked_at = self.state is MatchState.REVIEW and was is ReviewReason.CLAIM_CHANGED
            is_other = self.drops_reason or is_looked_at or self.reason is not None
            is_refused_again = is_looked_at and self.refuses
            reason = ReviewReason.CLAIM_REFUSED if is_refused_again else self.reason
            kept = {"reason": reason} if is_other else {}
            return {**decided, **kept, "unreadable_since": None}
        return {"state": self.to, "reason": self.reason, "first_by": caller}


_S, _A = MatchState, MatchAction
_AUDITOR = frozenset({"auditor"})

WORKFLOW = Workflow(
    (
        MatchStep(_S.REVIEW, _A.ACCEPT, _S.ACCEPTED, _AUDITOR, "match.accepted"),
        MatchStep(
            *(_S.REVIEW, _A.PASS_ON, _S.REVIEW, _AUDITOR, "match.accepted"),
            is_final=False,
            reason=ReviewReason.MAKES_LATE,
        ),
        MatchStep(
            *(_S.REVIEW, _A.PASS_ON_GONE, _S.REVIEW, _AUDITOR, "match.accepted"),
            is_final=False,
            reason=ReviewReason.MAKES_WITHDRAWN,
        ),
        MatchStep(_S.REVIEW, _A.REJECT, _S.REJECTED, _AUDITOR, "match.rejected", refuses=True),
        MatchStep(
            *(_S.REVIEW, _A.PASS_ON_REJECTED, _S.REVIEW, _AUDITOR, "match.rejected"),
            is_final=False,
            reason=ReviewReason.MAKES_OVERDUE,
        ),
        MatchStep(
            *(_S.ACCEPTED, _A.CONFIRM, _S.ACCEPTED, _AUDITOR, "match.confirmed"),
            reason=ReviewReason.PAGE_UNREADABLE,
        ),
        MatchStep(
            *(_S.ACCEPTED, _A.WITHDRAW, _S.REJECTED, _AUDITOR, "match.withdrawn"), refuses=True
        ),
        MatchStep(
            *(_S.ACCEPTED, _A.PASS_ON_WITHDRAWN, _S.ACCEPTED, _AUDITOR, "match.withdrawn"),
            is_final=False,
            reason=ReviewReason.MAKES_WITHDRAWN,
        ),
        MatchStep(
            *(_S.ACCEPTED, _A.TAKE_CLAIM, _S.ACCEPTED, _AUDITOR, "match.claim_taken"),
            drops_reason=True,
        ),
        MatchStep(
            *(_S.ACCEPTED, _A.PASS_ON_CLAIM, _S.ACCEPTED, _AUDITOR, "match.claim_taken"),
            is_final=False,
            reason=ReviewReason.CLAIM_CHANGED,
        ),
        MatchStep(
            *(_S.ACCEPTED, _A.KEEP_CLAIM, _S.ACCEPTED, _AUDITOR, "match.claim_refused"),
            reason=ReviewReason.CLAIM_REFUSED,
            refuses=True,
        ),
    ),
    {
        _S.REVIEW: Text("待复核", "in review"),
        _S.ACCEPTED: Text("已认定", "accepted"),
        _S.REJECTED: Text("已否定", "rejected"),
    },
    {
        _A.ACCEPT: Text("认定", "accept"),
        _A.PASS_ON: Text("转第二人确认", "pass on to a second person"),
        _A.PASS_ON_GONE: Text("网页已撤下，转第二人确认", "pass on a page that is gone"),
        _A.REJECT: Text("否定", "reject"),
        _A.PASS_ON_REJECTED: Text("否定转第二人确认", "pass on a rejection to a second person"),
        _A.CONFIRM: Text("确认读不出的网页仍在", "confirm that an unreadable page is there"),
        _A.WITHDRAW: Text("确认读不出的网页已撤下", "withdraw an unreadable page"),
        _A.PASS_ON_WITHDRAWN: Text(
            "撤下转第二人确认", "pass on the withdrawal of an unreadable page"
        ),
        _A.TAKE_CLAIM: Text("采信改动后的发布时间", "take over the changed time"),
        _A.PASS_ON_CLAIM: Text(
            "采信改动后的发布时间，转第二人确认", "pass on the changed time to a second person"
        ),
        _A.KEEP_CLAIM: Text("不采信改动后的发布时间", "keep to the time claimed before"),
    },
    title=Text("网页认定", "Matches"),
    starts=[_S.REVIEW, _S.ACCEPTED],
    columns={
        "is_final": Text("结束复核", "ends the review"),
        "reason": Text("留待复核的原因", "stays in review because"),
        "audited": Text("审计记录", "audit log"),
        "refuses": Text("网页改动后再行复核", "comes back once the page says something else"),
    },
)
