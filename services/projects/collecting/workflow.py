"""A run over a portal from its order to its end, and how far each page found on it was read.

Only whoever holds a run's lease moves the run and the pages of its portal. A lease that runs out,
because its runner was killed, is claimed by another, who goes on where the run stopped.
"""

from enum import StrEnum
from typing import NamedTuple

from services.projects.collecting.models import DetailState, RunState
from services.projects.portals.workflow import Outcome
from services.projects.reading.faults import Fault, OtherHost, SourceFault
from shared.errors import Text
from shared.workflow import Workflow


class RunAction(StrEnum):
    CLAIM = "claim"
    RELEASE = "release"
    FINISH = "finish"
    FAIL = "fail"


class RunStep(NamedTuple):
    """What a runner makes of a run, whether it keeps the lease, and how the portal fared."""

    state: RunState
    action: RunAction
    to: RunState
    keeps_lease: bool = False
    is_end: bool = False
    portal: Outcome | None = None
    roles: frozenset[str] = frozenset()


class PageAction(StrEnum):
    READ = "read"
    FAIL = "fail"
    LOSE = "lose"
    LEAVE = "leave"
    LIST_ANEW = "list_anew"


class PageStep(NamedTuple):
    """What becomes of a page; whether it is gone, and whether it is matched whatever it says."""

    state: DetailState
    action: PageAction
    to: DetailState
    is_gone: bool = False
    is_matched: bool = False
    roles: frozenset[str] = frozenset()


_R, _A = RunState, RunAction

RUNS = Workflow(
    (
        RunStep(_R.QUEUED, _A.CLAIM, _R.RUNNING, keeps_lease=True),
        RunStep(_R.RUNNING, _A.CLAIM, _R.RUNNING, keeps_lease=True),
        RunStep(_R.RUNNING, _A.RELEASE, _R.QUEUED),
        RunStep(_R.RUNNING, _A.FINISH, _R.FINISHED, is_end=True, portal=Outcome.READ),
        RunStep(_R.RUNNING, _A.FAIL, _R.FAILED, is_end=True, portal=Outcome.FAILED),
    ),
    {
        _R.QUEUED: Text("排队中", "queued"),
        _R.RUNNING: Text("采集中", "running"),
        _R.FINISHED: Text("已完成", "finished"),
        _R.FAILED: Text("失败", "failed"),
    },
    {
        _A.CLAIM: Text("领取（或接手租约到期的）", "claim, or take over once the lease ran out"),
        _A.RELEASE: Text("交回", "release"),
        _A.FINISH: Text("完成", "finish"),
        _A.FAIL: Text("失败", "fail"),
    },
    title=Text("采集", "Collector runs"),
    starts=[_R.QUEUED],
    columns={
        "keeps_lease": Text("持有租约", "holds the lease"),
        "is_end": Text("记下结束时间", "notes the end"),
        "portal": Text("来源", "portal"),
    },
)

_D, _P = DetailState, PageAction
_ASKED = (_D.PENDING, _D.UNREADABLE, _D.READ, _D.ELSEWHERE)
"""Pages that a run asks for: new ones, failed ones, and old ones once more."""

PAGES = Workflow(
    (
        *(PageStep(state, _P.READ, _D.READ) for state in (_D.PENDING, _D.READ)),
        *(PageStep(s, _P.READ, _D.READ, is_matched=True) for s in (_D.UNREADABLE, _D.ELSEWHERE)),
        *(PageStep(state, _P.FAIL, _D.UNREADABLE, is_matched=True) for state in _ASKED),
        *(PageStep(state, _P.LOSE, _D.GONE, is_gone=True, is_matched=True) for state in _ASKED),
        *(PageStep(s, _P.LEAVE, _D.ELSEWHERE, is_matched=s is not _D.ELSEWHERE) for s in _ASKED),
        *(PageStep(state, _P.LIST_ANEW, _D.PENDING, is_matched=True) for state in _D),
    ),
    {
        _D.PENDING: Text("待读", "to be read"),
        _D.READ: Text("已读", "read"),
        _D.UNREADABLE: Text("读不出", "unreadable"),
        _D.GONE: Text("已消失", "gone"),
        _D.ELSEWHERE: Text("在别的网站，不读", "on another site, not read"),
    },
    {
        _P.READ: Text("读到", "read"),
        _P.FAIL: Text("没读到", "fail"),
        _P.LOSE: Text("网页已不存在", "lose"),
        _P.LEAVE: Text("转到别的网站", "leads to another site"),
        _P.LIST_ANEW: Text("列表条目有变或重现", "listed with other words, or again"),
    },
    title=Text("采集的网页", "Portal pages"),
    starts=[_D.PENDING, _D.ELSEWHERE],
    columns={
        "is_gone": Text("记为消失", "marks it gone"),
        "is_matched": Text("必再匹配", "always matched again"),
    },
)


def action_of(fault: SourceFault) -> PageAction:
    """What becomes of a page that could not be read."""
    if isinstance(fault, OtherHost):
        return PageAction.LEAVE
    return PageAction.LOSE if fault.fault is Fault.GONE else PageAction.FAIL
