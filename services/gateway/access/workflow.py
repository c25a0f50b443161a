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


class AccountMove(NamedTuple):
    """One move; `noted` is the act in the audit log, `ends_sign_ins` why every sign-in ends."""

    state: AccountState
    action: AccountAction
    to: AccountState
    roles: frozenset[str]
    noted: str
    ends_sign_ins: Ended | None = None


_S, _A = AccountState, AccountAction
_ADMIN = frozenset({"admin"})

MOVES = (
    *(
        AccountMove(state, _A.DISABLE, _S.DISABLED, _ADMIN, "account.disabled", "disabled")
        for state in AccountState
    ),
    *(
        AccountMove(state, _A.ENABLE, _S.ACTIVE, _ADMIN, "account.enabled")
        for state in AccountState
    ),
)
"""To disable what is disabled ends sign-ins all the same: whoever asks wants nobody in."""
WORKFLOW = Workflow(
    MOVES,
    {_S.ACTIVE: Text("可用", "active"), _S.DISABLED: Text("已停用", "disabled")},
    {_A.DISABLE: Text("停用", "disable"), _A.ENABLE: Text("启用", "enable")},
    title=Text("账号", "Accounts"),
    starts=[_S.ACTIVE],
    columns={
        "noted": Text("审计", "audit log"),
        "ends_sign_ins": Text("登录终止", "sign-ins end"),
    },
)
