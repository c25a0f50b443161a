from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import UnitEvent


class DutyCreated(UnitEvent):
    """一条信息形成、变更或作出决定，由此产生公开义务。

    Information was formed, changed or decided on, and must therefore be published.
    """

    type: ClassVar[str] = "projects.duty.created.v1"

    duty_id: UUID
    project_code: str = Field(
        description="项目代码；不属于项目的为空串，见 subject"
        " | The project; empty where it is about none: then `subject` says what it is about."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    item_code: str
    kind: str
    formed_on: date | None
    rule_kind: str
    rule_n: int | None
    created_at: AwareDatetime
