from typing import ClassVar

from pydantic import AwareDatetime, Field

from services.projects.reading.faults import Fault
from shared.messaging.events import UnitEvent


class SourceDown(UnitEvent):
    """某单位的公开栏目无法抓取；抓不到不等于没公开，不计入该单位。
    A portal cannot be read; what could not be fetched is never held against the unit.
    """

    type: ClassVar[str] = "projects.source.down.v1"

    portal_id: str
    portal_name: str
    fault: Fault = Field(
        description="错误类别，如 timeout、redesigned"
        " | Class of the error, such as timeout or redesigned."
    )
    since: AwareDatetime


class SourceRecovered(UnitEvent):
    """曾无法抓取的栏目恢复正常。
    A portal that could not be read answers again.
    """

    type: ClassVar[str] = "projects.source.recovered.v1"

    portal_id: str
    portal_name: str
    down_since: AwareDatetime
    recovered_at: AwareDatetime
