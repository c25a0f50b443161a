"""What the room publishes."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messaging.events import Event


class ReportEvent(Event):
    """What every event of a report on second visits carries."""

    type: ClassVar[str] = "appointments.second_visit_report.changed.v1"

    report_id: UUID
    hall_code: str
    number: str = Field(description="报告编号 | The report's number", examples=["H001-2026-001"])
    edition: int = Field(description="同一期间的第几份 | Which one on the period it is")
    from_on: date
    to_on: date
    state: str = Field(description="现在的状态 | The state that it is in now")
    version: int


class ReportSigned(ReportEvent):
    """“哪些事项还要跑第二次”的报告已签发。

    A report on second visits was signed.
    """

    type: ClassVar[str] = "appointments.second_visit_report.signed.v1"


class ReportWithdrawn(ReportEvent):
    """报告已撤回，不再作数。

    A report was withdrawn and counts no longer.
    """

    type: ClassVar[str] = "appointments.second_visit_report.withdrawn.v1"
