"""What the room publishes: ids and states, never whose it is or what was written."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messaging.events import Event


class PreCheckEvent(Event):
    """What every event of a pre-check carries."""

    type: ClassVar[str] = "appointments.pre-check.changed.v1"

    pre_check_id: UUID
    hall_code: str
    item_code: str
    department_code: str
    appointment_id: UUID | None
    state: str = Field(description="新的状态 | The state that it is in now")
    version: int


class PreCheckSubmitted(PreCheckEvent):
    """群众提交了预审，或补齐后再次提交，等待经办人答复。

    A person submitted what they have ready, or submitted it again; an officer is to answer.
    """

    type: ClassVar[str] = "appointments.pre-check.submitted.v1"


class PreCheckAnswered(PreCheckEvent):
    """经办人已答复：材料齐全、一次告知所缺，或应去何处办理。

    An officer answered: complete, all that is missing, or where it is dealt with.
    """

    type: ClassVar[str] = "appointments.pre-check.answered.v1"


class PreCheckWithdrawn(PreCheckEvent):
    """群众撤回了预审。

    The person withdrew it.
    """

    type: ClassVar[str] = "appointments.pre-check.withdrawn.v1"
