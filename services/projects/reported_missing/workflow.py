"""How a report that something is missing is answered: by the duty itself, or by an auditor; and
opened again where neither holds any more."""

from typing import NamedTuple

from services.projects.reported_missing.models import CheckAction, CheckState
from shared.errors import Text
from shared.workflow import Workflow


class CheckStep(NamedTuple):
    """What answers a check, and what the audit log calls it; None: it is no person's step."""

    state: CheckState
    action: CheckAction
    to: CheckState
    roles: frozenset[str]
    audited: str | None = None


_S, _A = CheckState, CheckAction
_AUDITOR, _NOBODY = frozenset({"auditor"}), frozenset[str]()

WORKFLOW = Workflow(
    (
        CheckStep(_S.OPEN, _A.FIND, _S.ANSWERED, _NOBODY),
        CheckStep(_S.ANSWERED, _A.FIND, _S.ANSWERED, _NOBODY),
        CheckStep(_S.ANSWERED, _A.REOPEN, _S.OPEN, _NOBODY),
        CheckStep(_S.OPEN, _A.ANSWER, _S.ANSWERED, _AUDITOR, "disclosure_check.answered"),
        CheckStep(_S.ANSWERED, _A.ANSWER, _S.ANSWERED, _AUDITOR, "disclosure_check.answered"),
    ),
    {_S.OPEN: Text("待核查", "to be checked"), _S.ANSWERED: Text("已答复", "answered")},
    {
        _A.FIND: Text("从义务得出结果", "find the duty"),
        _A.ANSWER: Text("答复", "answer"),
        _A.REOPEN: Text("原答复已不成立", "the answer does not hold any more"),
    },
    title=Text("反映未公开的核查", "Checks of what is reported missing"),
    starts=[_S.OPEN],
    columns={"audited": Text("审计记录", "audit log")},
)
