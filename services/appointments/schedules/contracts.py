"""What this service reads of other services' events: only the fields that it uses."""

from datetime import date
from typing import ClassVar

from shared.messaging.events import Event


class CalendarChanged(Event):
    """一年的放假安排已公布或修订。

    The holiday notice of a year was published or amended.
    """

    type: ClassVar[str] = "projects.calendar.changed.v1"

    region: str
    year: int
    version: int
    notice: str
    rest_days: list[date]
    working_weekends: list[date]
