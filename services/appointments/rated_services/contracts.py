"""What this room reads of other services' events: only the fields that it uses."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.messaging.events import Event


class RatingReceived(Event):
    """收到一条评价（或其修改）。

    A rating came in, or was amended.
    """

    type: ClassVar[str] = "feedback.rating.received.v1"

    rating_id: UUID
    case_id: UUID
    hall_code: str
    is_bad: bool
    at: AwareDatetime
    followup_id: UUID | None = None


class RatingExcluded(Event):
    """经申诉不计入统计的评价。

    A rating that was appealed against counts no more.
    """

    type: ClassVar[str] = "feedback.rating.excluded.v1"

    rating_id: UUID
