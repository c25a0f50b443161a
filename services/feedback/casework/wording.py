"""What people call the states of a letter."""

from services.feedback.letters.models import LetterState as S
from shared.errors import Text

STATES: dict[S, Text] = {
    S.RECEIVED: Text("收到", "received"),
    S.REGISTERED: Text("已登记", "registered"),
    S.NOT_ACCEPTED: Text("不予受理", "not accepted"),
    S.ACCEPTED: Text("已受理", "accepted"),
    S.DISPATCHED: Text("已派单", "dispatched"),
    S.DISPUTED: Text("派单有异议", "disputed"),
    S.HANDLING: Text("办理中", "being handled"),
    S.AWAITING_CITIZEN: Text("待来信人补充", "waiting for its sender"),
    S.IN_REVIEW: Text("答复审核中", "reply in review"),
    S.REPLIED: Text("已答复", "replied"),
    S.REOPEN_REQUESTED: Text("待决定是否重办", "reopening to be decided"),
    S.CLOSED: Text("已办结", "closed"),
    S.MERGED: Text("已并案", "merged"),
    S.WITHDRAWN: Text("已撤回", "withdrawn"),
    S.TRANSFERRED: Text("已转外单位", "transferred outside"),
    S.APPEALED: Text("复查中", "appealed"),
}
