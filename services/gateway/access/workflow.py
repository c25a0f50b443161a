"""Whether an account may be used: one table. A disabled one has no sign-in left."""

from enum import StrEnum
from typing import NamedTuple

from services.gateway.access.events import Ended
from services.gateway.access.models import AccountState
from shared.errors import Text
from shared.workflow import Workflow


class AccountAction(StrEnum):
    DISABLE = "disable"
    ENABLE = "enable"
    SUBMIT = "submit"
    CHANGE = "change"
    APPROVE = "approve"
    RENEW = "renew"


class AccountMove(NamedTuple):
    """One move; `noted` is the act in the audit log, `ends_sign_ins` why every sign-in ends,
    `privileged` what is done instead to an account that nobody enables alone."""

    state: AccountState
    action: AccountAction
    to: AccountState
    roles: frozenset[str]
    noted: str
    ends_sign_ins: Ended | None = None
    privileged: AccountAction | None = None


_S, _A = AccountState, AccountAction
_ADMIN = frozenset({"admin"})

MOVES = (
    *(
        AccountMove(state, _A.DISABLE, _S.DISABLED, _ADMIN, "account.disabled", "disabled")
        for state in AccountState
    ),
    *(
        AccountMove(state, _A.ENABLE, _S.ACTIVE, _ADMIN, "account.enabled", privileged=_A.SUBMIT)
        for state in (_S.ACTIVE, _S.DISABLED)
    ),
    AccountMove(_S.ACTIVE, _A.SUBMIT, _S.ACTIVE, _ADMIN, "account.enabled"),
    AccountMove(_S.DISABLED, _A.SUBMIT, _S.PENDING, _ADMIN, "account.submitted"),
    AccountMove(_S.ACTIVE, _A.CHANGE, _S.PENDING, _ADMIN, "account.submitted"),
    AccountMove(_S.PENDING, _A.CHANGE, _S.PENDING, _ADMIN, "account.submitted"),
    AccountMove(_S.DISABLED, _A.CHANGE, _S.DISABLED, _ADMIN, "account.changed"),
    AccountMove(_S.PENDING, _A.APPROVE, _S.ACTIVE, _ADMIN, "account.approved"),
    *(
        AccountMove(state, _A.RENEW, _S.ACTIVE, frozenset(), "account.renewed")
        for state in (_S.ACTIVE, _S.PENDING)
    ),
)
"""To disable what is disabled ends sign-ins all the same: whoever asks wants nobody in. SUBMIT is
to enable a privileged account, CHANGE to make one, or to change its roles or its password: neither
counts before another administrator's APPROVE. RENEW is done on the server alone, for an
administrator whom no two others can help."""
WORKFLOW = Workflow(
    MOVES,
    {
        _S.ACTIVE: Text("可用", "active"),
        _S.DISABLED: Text("已停用", "disabled"),
        _S.PENDING: Text("待他人批准", "waits for approval"),
    },
    {
        _A.DISABLE: Text("停用", "disable"),
        _A.ENABLE: Text("启用", "enable"),
        _A.SUBMIT: Text("提请启用", "ask to enable"),
        _A.CHANGE: Text("变更权限或密码", "change grants or password"),
        _A.APPROVE: Text("批准", "approve"),
        _A.RENEW: Text("在服务器上重新开通", "let in again on the server"),
    },
    title=Text("账号", "Accounts"),
    starts=[_S.ACTIVE, _S.PENDING],
    columns={
        "noted": Text("审计", "audit log"),
        "ends_sign_ins": Text("登录终止", "sign-ins end"),
        "privileged": Text("特权账号改为", "of a privileged account"),
    },
)
