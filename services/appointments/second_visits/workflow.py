"""What may happen to a report on second visits: one table."""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.second_visits import events
from services.appointments.second_visits.events import ReportEvent
from services.appointments.second_visits.models import ReportState
from shared.errors import Text
from shared.workflow import Workflow


class ReportAction(StrEnum):
    PLAN = "plan"
    SIGN = "sign"
    WITHDRAW = "withdraw"


class ReportRow(NamedTuple):
    """A row of the table; `event` is what subscribers are sent, None: nothing."""

    state: ReportState
    action: ReportAction
    to: ReportState
    roles: frozenset[str]
    event: type[ReportEvent] | None


_S, _A = ReportState, ReportAction
_CHIEFS = frozenset({"hall_manager", "supervisor"})

ROWS = (
    ReportRow(_S.DRAFT, _A.PLAN, _S.DRAFT, _CHIEFS, None),
    ReportRow(_S.DRAFT, _A.SIGN, _S.SIGNED, _CHIEFS, events.ReportSigned),
    ReportRow(_S.DRAFT, _A.WITHDRAW, _S.WITHDRAWN, _CHIEFS, events.ReportWithdrawn),
    ReportRow(_S.SIGNED, _A.WITHDRAW, _S.WITHDRAWN, _CHIEFS, events.ReportWithdrawn),
)
WORKFLOW = Workflow(
    ROWS,
    {
        _S.DRAFT: Text("草稿", "a draft"),
        _S.SIGNED: Text("已签发", "signed"),
        _S.WITHDRAWN: Text("已撤回", "withdrawn"),
    },
    {
        _A.PLAN: Text("写明措施", "write down measures"),
        _A.SIGN: Text("签发", "sign"),
        _A.WITHDRAW: Text("撤回", "withdraw"),
    },
    title=Text("二次跑动报告", "Reports on second visits"),
    starts=[_S.DRAFT],
)
