"""What the audit publishes: a verdict moved, a limit runs out, a duty is overdue."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import UnitEvent


class DutyJudged(UnitEvent):
    """一项公开义务的监察结论发生变化。

    The verdict on a duty to publish moved.
    """

    type: ClassVar[str] = "projects.duty.judged.v1"

    duty_id: UUID
    project_code: str = Field(
        description="项目代码；不属于项目的为空串，见 subject"
        " | The project; empty where it is about none: then `subject` says what it is about."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    item_code: str
    from_verdict: str | None
    verdict: str
    reason: str
    over_by: int | None = Field(
        description="超期天数，按义务自身的计时 | Days over the limit, in days of the duty's clock."
    )
    due_on: date | None
    as_of: date
    rule_version: int
    calendar_version: int
    judged_at: AwareDatetime


class DutyDueSoon(UnitEvent):
    """一项公开义务即将到期。

    A duty to publish runs out within days and nothing is published yet.
    """

    type: ClassVar[str] = "projects.duty.due_soon.v1"

    duty_id: UUID
    unit_name: str
    project_code: str = Field(
        description="项目代码；不属于项目的为空串，见 subject"
        " | The project; empty where it is about none: then `subject` says what it is about."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    project_name: str
    item_code: str
    item_name: str
    due_on: date
    judged_at: AwareDatetime


class DutyOverdue(UnitEvent):
    """一项公开义务逾期未公开，并已证明网上没有。

    A duty to publish is overdue, with proof of absence after its due day.
    """

    type: ClassVar[str] = "projects.duty.overdue.v1"

    duty_id: UUID
    unit_name: str
    project_code: str = Field(
        description="项目代码；不属于项目的为空串，见 subject"
        " | The project; empty where it is about none: then `subject` says what it is about."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    project_name: str
    item_code: str
    item_name: str
    due_on: date
    over_by: int
    judged_at: AwareDatetime
