"""What this room reads of other services' events: only the fields it uses."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.messaging.events import Event


class CalendarChanged(Event):
    """放假安排公布或调整。

    The holiday notice of a year was loaded or changed.
    """

    type: ClassVar[str] = "projects.calendar.changed.v1"

    region: str = Field(max_length=16)
    year: int = Field(ge=1949, le=2200)
    version: int
    notice: str
    rest_days: list[date]
    working_weekends: list[date]
