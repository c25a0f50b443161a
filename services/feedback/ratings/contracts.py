"""What this room reads of other services' events: only the fields it uses."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.feedback.ratings.schemas import CODE
from shared.messaging.events import Event


class FollowupAnswered(Event):
    """群众回答了回诊问卷。

    Somebody answered a follow-up of a finished case.
    """

    type: ClassVar[str] = "appointments.followup.answered.v1"

    followup_id: UUID
    case_id: UUID
    hall_code: str = Field(pattern=CODE)
    department_code: str = Field(pattern=CODE)
    item_code: str
    item_name: str
    outcome: str
    finished_at: AwareDatetime
    case_version: int = 0
    is_bad: bool


class CaseFinished(Event):
    """窗口办结了一件事。

    A case was finished at a window.
    """

    type: ClassVar[str] = "appointments.case.finished.v1"

    case_id: UUID
    hall_code: str = Field(pattern=CODE)
    department_code: str = Field(pattern=CODE)
    item_code: str
    item_name: str
    outcome: str
    finished_at: AwareDatetime
    version: int = 0
