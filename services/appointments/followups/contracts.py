"""What this room reads of other services' events: only the fields that it uses."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.messaging.events import Event


class RatingRectified(Event):
    """部门已就差评或差的回诊整改。

    A department put a bad rating, or a bad follow-up, right.
    """

    type: ClassVar[str] = "feedback.rating.rectified.v1"

    followup_id: UUID | None = None
    at: AwareDatetime
