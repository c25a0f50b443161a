"""What the room publishes: ids, days and states, never whose it is."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messaging.events import Event


class DeferralEvent(Event):
    """What every event of a deferral carries."""

    type: ClassVar[str] = "appointments.deferral.changed.v1"

    deferral_id: UUID
    ticket_id: UUID
    hall_code: str
    item_code: str
    due_on: date = Field(description="补交的最后一天 | The last day to hand them in")
    state: str = Field(description="现在的状态 | The state that it is in now")
    version: int


class DeferralPromised(DeferralEvent):
    """容缺受理：次要材料承诺在 `due_on` 前补交。

    A matter was taken up with minor papers missing, promised until `due_on`.
    """

    type: ClassVar[str] = "appointments.deferral.promised.v1"


class DeferralReminded(DeferralEvent):
    """补交期限将到，应提醒本人。

    The last day is near, and the person is to be reminded.
    """

    type: ClassVar[str] = "appointments.deferral.reminded.v1"


class DeferralSupplied(DeferralEvent):
    """承诺的材料已补齐。

    What was promised has been handed in.
    """

    type: ClassVar[str] = "appointments.deferral.supplied.v1"


class DeferralLapsed(DeferralEvent):
    """到期未补，容缺受理失效，事项按未受理处理。

    The last day went by; the matter counts as not taken up.
    """

    type: ClassVar[str] = "appointments.deferral.lapsed.v1"


class DeferralCancelled(DeferralEvent):
    """工作人员撤销了误记的容缺受理。

    Staff took back what was recorded by mistake.
    """

    type: ClassVar[str] = "appointments.deferral.cancelled.v1"
