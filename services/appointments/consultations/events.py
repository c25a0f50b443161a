"""What happens to consultations, published by hall; never what anybody wrote."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class ConsultationEvent(Event):
    """Fields that every event of a consultation has."""

    consultation_id: UUID
    hall_code: str
    item_code: str | None
    lead_department_code: str
    state: str
    version: int
    due_on: date = Field(description="统一答复的最后一天 | Last day of the one answer.")
    at: AwareDatetime


class ConsultationOpened(ConsultationEvent):
    """发起会诊，请各部门提出意见。

    Several departments were asked about a matter.
    """

    type: ClassVar[str] = "appointments.consultation.opened.v1"

    departments: list[str]


class ConsultationInvited(ConsultationEvent):
    """会诊增加了一个部门。

    One more department was asked.
    """

    type: ClassVar[str] = "appointments.consultation.invited.v1"

    department_code: str
    opinion_due_on: date


class ConsultationConvened(ConsultationEvent):
    """召集联席会商。

    A joint session was convened.
    """

    type: ClassVar[str] = "appointments.consultation.convened.v1"

    starts_at: AwareDatetime
    departments: list[str]


class ConsultationOpined(ConsultationEvent):
    """一个部门提出了意见（或作了修改）。

    A department gave its opinion, or another one than before.
    """

    type: ClassVar[str] = "appointments.consultation.opined.v1"

    department_code: str
    stance: str
    waiting_for: list[str] = Field(description="还没有提出意见的部门 | Who has given none yet.")


class ConsultationDueSoon(ConsultationEvent):
    """意见或统一答复即将到期。

    An opinion, or the one answer where no department is named, is due soon.
    """

    type: ClassVar[str] = "appointments.consultation.due_soon.v1"

    department_code: str | None
    ends_on: date


class ConsultationEscalated(ConsultationEvent):
    """会诊逾期，或由大厅负责人提请升级。

    A consultation is late, or was referred higher by the hall's manager.
    """

    type: ClassVar[str] = "appointments.consultation.escalated.v1"

    level: int
    silent: list[str] = Field(description="没有提出意见的部门 | Who has given no opinion.")


class ConsultationAnswered(ConsultationEvent):
    """会诊有了统一答复。

    The consultation got its one answer.
    """

    type: ClassVar[str] = "appointments.consultation.answered.v1"

    in_time: bool
    silent: list[str]


class ConsultationWithdrawn(ConsultationEvent):
    """会诊撤回。

    The consultation was withdrawn.
    """

    type: ClassVar[str] = "appointments.consultation.withdrawn.v1"
