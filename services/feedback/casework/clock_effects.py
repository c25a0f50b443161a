"""What an action can do to a letter's time limits."""

from enum import StrEnum


class ClockEffect(StrEnum):
    """What an action does to the letter's time limits."""

    REGISTERED_IN_TIME = "meets the limit to register"
    KIND_SETTLED = "sets the limit to reply by the kind, from the day that it ran from"
    DISPATCHED = "starts the department's limit to accept or return"
    TAKEN = "meets the limit to accept or return; who holds the letter answers for its limits"
    PAUSED = "pauses the limit to reply while the sender is asked"
    WAITS_ON = "gives the sender the full time to answer once more"
    RESUMED = "lets the limit to reply run on"
    EXTENDED = "extends the limit to reply"
    ANSWERED = "meets the limit to reply; starts those to publish, to reopen and of silence"
    REOPEN_ASKED = "starts the limit to decide on the reopening"
    REOPEN_DECIDED = "meets the limit to decide on the reopening"
    REOPENED = "starts a new limit to reply"
    APPEALED = "starts the limit to decide on the appeal"
    APPEAL_DECIDED = "meets the limit to decide on the appeal"
    ENDED = "ends every limit"
    REVIVED = "starts the limit to reply again as it ran before"


_E = ClockEffect
LAPSES = frozenset({_E.TAKEN, _E.ANSWERED, _E.ENDED})
"""Where an extension that nobody has decided on ends: the limit that it was asked for is over, or
runs on for somebody else."""
IN_CHINESE: dict[ClockEffect, str] = {
    _E.REGISTERED_IN_TIME: "登记时限了结",
    _E.KIND_SETTLED: "答复期限按类别确定，起算日不变",
    _E.DISPATCHED: "部门受理或退单的时限开始",
    _E.TAKEN: "受理或退单的时限了结，由承办方负责各项时限",
    _E.PAUSED: "等候来信人时答复期限暂停",
    _E.WAITS_ON: "来信人重新有完整的补充时间",
    _E.RESUMED: "答复期限继续",
    _E.EXTENDED: "答复期限延长",
    _E.ANSWERED: "答复期限了结；公开、重办和逾期不评的时限开始",
    _E.REOPEN_ASKED: "决定是否重办的时限开始",
    _E.REOPEN_DECIDED: "决定是否重办的时限了结",
    _E.REOPENED: "新的答复期限开始",
    _E.APPEALED: "复查时限开始",
    _E.APPEAL_DECIDED: "复查时限了结",
    _E.ENDED: "各项时限终止",
    _E.REVIVED: "答复期限按原来的日期恢复",
}
"""What the effects are called in Chinese."""
