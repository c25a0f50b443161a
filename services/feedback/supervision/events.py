"""What the supervision room publishes; scoped by department."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.feedback.supervision.models import Cause
from shared.messaging.events import Event

MOST_EVIDENCE = 100
"""Events named in one message, which has to stay small; the message gives their number too."""


class EscalationReason(StrEnum):
    ORDER_NOT_ANSWERED = "order_not_answered"
    CAUSE_LONG_OVERDUE = "cause_long_overdue"


class ClosedBecause(StrEnum):
    CAUSE_GONE = "cause_gone"
    ANSWER_ACCEPTED = "answer_accepted"


class SupervisionIssued(Event):
    """已向部门发出督办单。

    A supervision order was issued to a department.
    """

    type: ClassVar[str] = "feedback.supervision.issued.v1"

    order_id: UUID
    number: str
    department_code: str
    cause: Cause
    level: int
    issued_at: AwareDatetime


class SupervisionEscalated(Event):
    """督办升级。

    A supervision order rose to a higher level.
    """

    type: ClassVar[str] = "feedback.supervision.escalated.v1"

    order_id: UUID
    number: str
    department_code: str
    level_before: int
    level: int
    reason: EscalationReason
    at: AwareDatetime


class SupervisionClosed(Event):
    """督办单办结：事由已消除（附证据事件编号）或答复已被认可。

    An order ended: its cause is gone (with the evidence events), or the answer was accepted.
    """

    type: ClassVar[str] = "feedback.supervision.closed.v1"

    order_id: UUID
    number: str
    department_code: str
    because: ClosedBecause
    evidence_event_ids: list[UUID] = Field(
        description="前 100 个，其余见督办事项列表 | The first 100; all of them stand in its items"
    )
    evidence_count: int = Field(description="证据事件总数 | How many there are in all")
    at: AwareDatetime
