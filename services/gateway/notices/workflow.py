"""What becomes of a notice, and of each of its deliveries: one table for both."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.gateway.notices.models import NoticeState
from shared.errors import Text
from shared.workflow import Workflow


class NoticeAction(StrEnum):
    COMPLETE = "complete"
    DROP = "drop"
    GIVE_UP = "give_up"


class NoticeMove(NamedTuple):
    """One move; nobody takes it by hand."""

    state: NoticeState
    action: NoticeAction
    to: NoticeState
    roles: frozenset[str] = frozenset()


_S, _A = NoticeState, NoticeAction

WORKFLOW = Workflow(
    (
        NoticeMove(_S.WAITING, _A.COMPLETE, _S.DONE),
        NoticeMove(_S.WAITING, _A.DROP, _S.DROPPED),
        NoticeMove(_S.WAITING, _A.GIVE_UP, _S.FAILED),
    ),
    {
        _S.WAITING: Text("待送", "waits"),
        _S.DONE: Text("已送", "delivered"),
        _S.DROPPED: Text("不再需要", "not needed any more"),
        _S.FAILED: Text("未能送达", "could not be delivered"),
    },
    {
        _A.COMPLETE: Text("送达", "deliver"),
        _A.DROP: Text("不送", "drop"),
        _A.GIVE_UP: Text("放弃", "give up"),
    },
    title=Text("通知", "Notices"),
    starts=[_S.WAITING],
)


class Outcome(NamedTuple):
    """How an attempt ended: by an action, or to be tried again."""

    action: NoticeAction | None
    reason: str | None = None
    again_at: datetime | None = None

    @property
    def to(self) -> StrEnum | None:
        """The state that it leads to; None: as before."""
        return None if self.action is None else WORKFLOW.leads(self.action)[1]
