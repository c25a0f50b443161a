from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.messaging.events import Event


class CalendarChanged(Event):
    """工作日历有了新版本。

    A year's working days were loaded or corrected.
    """

    type: ClassVar[str] = "projects.calendar.changed.v1"

    region: str
    year: int
    version: int
    notice: str
    rest_days: list[date] = Field(description="放假的周一至周五 | Days off, Monday to Friday.")
    working_weekends: list[date] = Field(
        description="上班的周六和周日 | Saturdays and Sundays at work."
    )
