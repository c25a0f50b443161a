from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.messaging.events import UnitEvent


class DutyCreated(UnitEvent):
    """一条信息形成、变更或作出决定，由此产生公开义务。

    Information was formed, changed or decided on, and must therefore be published.
    """

    type: ClassVar[str] = "projects.duty.created.v1"

    duty_id: UUID
    project_code: str
    item_code: str
    kind: str
    formed_on: date | None
    rule_kind: str
    rule_n: int | None
    created_at: AwareDatetime
