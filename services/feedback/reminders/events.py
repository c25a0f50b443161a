"""What the reminders room publishes; sent in office hours of working days only."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.feedback.deadlines.models import PolicyKind, SubjectKind
from shared.messaging.events import Event


class DeadlineDueSoon(Event):
    """时限即将届满：到期前两个工作日与当日各提醒一次。

    A limit is about to end: told two working days before and on its last day.
    """

    type: ClassVar[str] = "feedback.deadline.due_soon.v1"

    deadline_id: UUID
    subject_kind: SubjectKind
    subject_id: UUID
    kind: PolicyKind
    department_code: str
    due_on: date
    is_last_day: bool


class DeadlineBreached(Event):
    """时限已过而未办结。

    A limit has passed unkept.
    """

    type: ClassVar[str] = "feedback.deadline.breached.v1"

    deadline_id: UUID
    subject_kind: SubjectKind
    subject_id: UUID
    kind: PolicyKind
    department_code: str
    due_on: date
