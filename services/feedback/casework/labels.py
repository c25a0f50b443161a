"""What people call a letter's states and the actions on it, and which its sender is told of."""

from services.feedback.letters.models import LetterState
from shared.errors import Text

LABELS: dict[str, Text] = {
    "register": Text("登记", "Register"),
    "reclassify": Text("更正类别", "Correct the kind"),
    "accept": Text("受理", "Accept"),
    "refuse": Text("不予受理", "Do not accept"),
    "transfer": Text("转外单位", "Transfer outside"),
    "dispatch": Text("派单", "Dispatch"),
    "return": Text("退单", "Return"),
    "dispute": Text("提出异议", "Dispute the dispatch"),
    "confirm_dispatch": Text("维持派单", "Confirm the dispatch"),
    "uphold_return": Text("同意退单", "Uphold the return"),
    "recall": Text("收回", "Recall"),
    "ask_citizen": Text("请来信人补充", "Ask the sender"),
    "resume": Text("恢复办理", "Resume"),
    "log_activity": Text("记录办理活动", "Record an activity"),
    "request_extension": Text("申请延期", "Ask for an extension"),
    "approve_extension": Text("批准延期", "Approve the extension"),
    "refuse_extension": Text("不批准延期", "Refuse the extension"),
    "submit_reply": Text("提交答复", "Submit the reply"),
    "send_back": Text("退回修改", "Send the reply back"),
    "approve": Text("审核通过", "Approve the reply"),
    "close": Text("办结", "Close"),
    "rate_good": Text("评价为满意", "Rate as satisfied"),
    "rate_bad": Text("评价为不满意", "Rate as dissatisfied"),
    "rate_last": Text("最后评价", "Rate for the last time"),
    "reopen": Text("申请重办", "Ask to reopen"),
    "grant_reopen": Text("同意重办", "Grant the reopening"),
    "refuse_reopen": Text("不同意重办", "Refuse the reopening"),
    "supplement": Text("补充", "Supplement"),
    "withdraw": Text("撤回", "Withdraw"),
    "merge": Text("并案", "Merge"),
    "unmerge": Text("撤销并案", "Undo the merge"),
}

STATES: dict[LetterState, Text] = {
    LetterState.RECEIVED: Text("收到", "received"),
    LetterState.REGISTERED: Text("已登记", "registered"),
    LetterState.NOT_ACCEPTED: Text("不予受理", "not accepted"),
    LetterState.ACCEPTED: Text("已受理", "accepted"),
    LetterState.DISPATCHED: Text("已派单", "dispatched"),
    LetterState.DISPUTED: Text("派单有异议", "disputed"),
    LetterState.HANDLING: Text("办理中", "being handled"),
    LetterState.AWAITING_CITIZEN: Text("待来信人补充", "waiting for its sender"),
    LetterState.IN_REVIEW: Text("答复审核中", "reply in review"),
    LetterState.REPLIED: Text("已答复", "replied"),
    LetterState.REOPEN_REQUESTED: Text("申请重办", "reopening asked for"),
    LetterState.CLOSED: Text("已办结", "closed"),
    LetterState.MERGED: Text("已并案", "merged"),
    LetterState.WITHDRAWN: Text("已撤回", "withdrawn"),
    LetterState.TRANSFERRED: Text("已转外单位", "transferred outside"),
}

TOLD_THE_SENDER = frozenset(LABELS) - {
    "reclassify",
    "return",
    "dispute",
    "confirm_dispatch",
    "uphold_return",
    "recall",
    "request_extension",
    "refuse_extension",
    "submit_reply",
    "send_back",
    "rate_last",
}
"""What stays inside: who gave the letter to whom, and drafts."""
