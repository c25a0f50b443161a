"""What the deadlines room publishes."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.feedback.deadlines.models import PolicyKind, SubjectKind
from shared.messaging.events import Event


class DeadlineMoved(Event):
    """放假安排公布或调整后，时限的最后一天有变。

    The last day of a limit changed because a holiday notice came or changed.
    """

    type: ClassVar[str] = "feedback.deadline.moved.v1"

    deadline_id: UUID
    subject_kind: SubjectKind
    subject_id: UUID
    kind: PolicyKind
    department_code: str
    due_on_before: date
    due_on: date
    provisional: bool
