"""The states of a letter that came in a flood: registered after all, or not, with a reason.

Nothing is lost: what was dropped is kept, its sender reads why, and a supervisor may register it
all the same. Its sender may appeal (复查, 信访工作条例 art. 35), once; another supervisor than who
dropped it decides, within a limit of its own. Until it is registered the sender may take it back.
"""

from enum import StrEnum
from typing import NamedTuple

from services.feedback.letters.rules import MOST_SUPPLEMENTS, SENDER
from services.feedback.quarantine.models import QuarantinedLetter
from services.feedback.quarantine.models import QuarantineState as S
from shared.errors import Text
from shared.security.identity import Caller
from shared.workflow import Workflow


class QuarantineAction(StrEnum):
    RELEASE = "release"
    DROP = "drop"
    APPEAL = "appeal"
    REJECT_APPEAL = "reject_appeal"
    SUPPLEMENT = "supplement"
    CONSENT = "consent"
    WITHDRAW = "withdraw"


class QuarantineMove(NamedTuple):
    """What a decision makes of the letter; the audit log has it as `audited`, if staff took it.

    `becomes_letter`: it is registered. `ends_clocks`: nobody is pressed for it any more.
    `starts_appeal`, `ends_appeal`: the limit to decide on an appeal begins, or is met. `adds` a
    supplement to it.
    """

    state: S
    action: QuarantineAction
    to: S
    roles: frozenset[str]
    audited: str | None = None
    becomes_letter: bool = False
    ends_clocks: bool = False
    starts_appeal: bool = False
    ends_appeal: bool = False
    adds: bool = False


_OFFICE = frozenset({"dispatcher", "supervisor"})
_SENDER = frozenset({SENDER})
_SUPERVISOR = frozenset({"supervisor"})
_A = QuarantineAction
_RELEASED, _DROPPED = "letter.quarantine_released", "letter.quarantine_dropped"
_REJECTED = "letter.quarantine_appeal_rejected"

MOVES = (
    QuarantineMove(S.QUARANTINED, _A.RELEASE, S.RELEASED, _OFFICE, _RELEASED, becomes_letter=True),
    QuarantineMove(S.QUARANTINED, _A.DROP, S.DROPPED, _OFFICE, _DROPPED, ends_clocks=True),
    QuarantineMove(S.DROPPED, _A.RELEASE, S.RELEASED, _SUPERVISOR, _RELEASED, becomes_letter=True),
    QuarantineMove(
        S.APPEALED,
        _A.RELEASE,
        S.RELEASED,
        _SUPERVISOR,
        _RELEASED,
        becomes_letter=True,
        ends_appeal=True,
    ),
    QuarantineMove(
        S.APPEALED, _A.REJECT_APPEAL, S.DROPPED, _SUPERVISOR, _REJECTED, ends_appeal=True
    ),
    QuarantineMove(S.DROPPED, _A.APPEAL, S.APPEALED, _SENDER, starts_appeal=True),
    QuarantineMove(S.QUARANTINED, _A.SUPPLEMENT, S.QUARANTINED, _SENDER, adds=True),
    QuarantineMove(S.QUARANTINED, _A.CONSENT, S.QUARANTINED, _SENDER),
    *(
        QuarantineMove(state, _A.WITHDRAW, S.WITHDRAWN, _SENDER, ends_clocks=True)
        for state in (S.QUARANTINED, S.DROPPED, S.APPEALED)
    ),
)
WORKFLOW = Workflow(
    MOVES,
    {
        S.QUARANTINED: Text("待核对", "waiting to be looked at"),
        S.RELEASED: Text("已转登记", "registered after all"),
        S.DROPPED: Text("未予登记", "not registered"),
        S.WITHDRAWN: Text("已撤回", "withdrawn"),
        S.APPEALED: Text("复查中", "appealed"),
    },
    {
        _A.RELEASE: Text("转登记", "register it"),
        _A.DROP: Text("不予登记", "do not register it"),
        _A.APPEAL: Text("申请复查", "appeal against it"),
        _A.REJECT_APPEAL: Text("复查维持原决定", "reject the appeal"),
        _A.SUPPLEMENT: Text("补充", "add to it"),
        _A.CONSENT: Text("同意或不同意公开", "agree to publication or not"),
        _A.WITHDRAW: Text("撤回", "withdraw it"),
    },
    title=Text("集中来信核对", "Letters of a flood"),
    starts=[S.QUARANTINED],
    columns={
        "audited": Text("审计", "audit log"),
        "becomes_letter": Text("转为来信", "becomes a letter"),
        "ends_clocks": Text("时限结束", "ends its limits"),
        "starts_appeal": Text("复查时限开始", "starts the appeal's limit"),
        "ends_appeal": Text("复查时限了结", "meets the appeal's limit"),
    },
)


def judges_own(move: QuarantineMove, letter: QuarantinedLetter, caller: Caller) -> bool:
    """Whether who dropped the letter would decide on the appeal against that."""
    return move.ends_appeal and letter.decided_by == caller.sub


def open_to_staff(letter: QuarantinedLetter, caller: Caller) -> list[str]:
    """What the caller may do with the letter now."""
    rows = (row for row in MOVES if row.state is letter.state and row.roles & caller.roles)
    return [row.action for row in rows if not judges_own(row, letter, caller)]


def open_to_sender(state: S, *, has_appealed: bool, supplements: int) -> list[str]:
    """What the sender may do; one appeals once, and adds no more than there is room for."""
    return [
        move.action
        for move in MOVES
        if move.state is state
        and SENDER in move.roles
        and not (move.starts_appeal and has_appealed)
        and not (move.adds and supplements >= MOST_SUPPLEMENTS)
    ]
