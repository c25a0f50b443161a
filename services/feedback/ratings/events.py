"""What the ratings room publishes; scoped by department, without personal data."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.feedback.ratings.models import Grade
from shared.messaging.events import Event


class RatingInvited(Event):
    """已邀请群众评价一次服务。

    A citizen may rate a service.
    """

    type: ClassVar[str] = "feedback.rating.invited.v1"

    invitation_id: UUID
    case_id: UUID
    hall_code: str
    department_code: str
    expires_at: AwareDatetime


class RatingReceived(Event):
    """收到一条评价（或其修改）。

    A rating came in, or was amended.
    """

    type: ClassVar[str] = "feedback.rating.received.v1"

    rating_id: UUID
    case_id: UUID
    hall_code: str
    department_code: str
    grade: Grade
    is_bad: bool
    is_amendment: bool
    at: AwareDatetime
    followup_id: UUID | None = Field(
        None, description="来自差的回诊时 | Where it came of a bad follow-up."
    )


class RatingExcluded(Event):
    """经申诉认定为误评、恶意评价等，不计入统计。

    On appeal a rating was found to be mistaken, malicious or about somebody else's service: it is
    in no figure.
    """

    type: ClassVar[str] = "feedback.rating.excluded.v1"

    rating_id: UUID
    case_id: UUID
    hall_code: str
    department_code: str
    at: AwareDatetime
    followup_id: UUID | None = Field(
        None, description="来自差的回诊时 | Where it came of a bad follow-up."
    )


class RatingRectified(Event):
    """部门已就差评整改或说明，并已反馈群众。

    A department put a bad rating right, or explained it, and told the citizen.
    """

    type: ClassVar[str] = "feedback.rating.rectified.v1"

    rating_id: UUID
    case_id: UUID
    hall_code: str
    department_code: str
    round: int
    at: AwareDatetime
    followup_id: UUID | None = Field(
        None, description="来自差的回诊时 | Where it came of a bad follow-up."
    )


class ReturnVisitRequested(Event):
    """请另一人回访群众。

    Another person is to ask the citizen whether it was put right.
    """

    type: ClassVar[str] = "feedback.return_visit.requested.v1"

    rating_id: UUID
    case_id: UUID
    hall_code: str
    department_code: str
    round: int
    due_on: date
    followup_id: UUID | None = Field(
        None, description="来自差的回诊时 | Where it came of a bad follow-up."
    )
