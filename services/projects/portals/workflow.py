"""Whether a portal can be read: noted after every run, published when it changes for the worse
and when it recovers.

That a portal cannot be read says nothing about what it publishes, so nobody is blamed for it.
"""

from enum import StrEnum
from typing import NamedTuple

from services.projects.portals.events import SourceDown, SourceRecovered
from services.projects.portals.models import PortalHealth
from shared.errors import Text
from shared.workflow import Workflow


class Outcome(StrEnum):
    """How a run over the portal ended."""

    READ = "read"
    FAILED = "failed"


class HealthStep(NamedTuple):
    """What the end of a run makes of a portal, what is published, and when it is read again."""

    state: PortalHealth
    action: Outcome
    to: PortalHealth
    publishes: type[SourceDown | SourceRecovered] | None = None
    is_soon_again: bool = False
    roles: frozenset[str] = frozenset()


_H, _O = PortalHealth, Outcome

WORKFLOW = Workflow(
    (
        HealthStep(_H.UNKNOWN, _O.READ, _H.UP),
        HealthStep(_H.UP, _O.READ, _H.UP),
        HealthStep(_H.DOWN, _O.READ, _H.UP, publishes=SourceRecovered),
        HealthStep(_H.UNKNOWN, _O.FAILED, _H.DOWN, publishes=SourceDown, is_soon_again=True),
        HealthStep(_H.UP, _O.FAILED, _H.DOWN, publishes=SourceDown, is_soon_again=True),
        HealthStep(_H.DOWN, _O.FAILED, _H.DOWN, is_soon_again=True),
    ),
    {
        _H.UNKNOWN: Text("未知", "unknown"),
        _H.UP: Text("可以抓取", "up"),
        _H.DOWN: Text("无法抓取", "down"),
    },
    {
        _O.READ: Text("读取成功", "read"),
        _O.FAILED: Text("读取失败", "failed"),
    },
    title=Text("来源健康", "Source health"),
    starts=[_H.UNKNOWN],
    columns={
        "publishes": Text("发布事件", "publishes"),
        "is_soon_again": Text("很快再试", "tried again soon"),
    },
)
