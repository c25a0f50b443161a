"""What this room reads of events: the calendar moved, so ordinals may be new."""

from typing import ClassVar

from shared.messaging.events import Event


class CalendarMoved(Event):
    type: ClassVar[str] = "projects.calendar.changed.v1"

    region: str
    year: int
