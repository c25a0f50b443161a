"""What this room reads of events: somebody reports that something is missing, or a duty moved."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class MissingReported(Event):
    """The codes are a stranger's: bounded here, and believed by nobody."""

    type: ClassVar[str] = "feedback.missing_disclosure.reported.v1"

    project_code: str | None = Field(max_length=64)
    item_code: str | None = Field(max_length=16)
    department_code: str | None = Field(max_length=32, pattern=r"^[A-Za-z0-9_-]+$")
    reported_at: AwareDatetime


class DutyMoved(Event):
    """A duty was recorded, its verdict moved, or its publication was found, is gone, or was never
    its own; `project_code` empty: it is about no project."""

    project_code: str
    item_code: str
    unit_code: str


class DutyRecorded(DutyMoved):
    type: ClassVar[str] = "projects.duty.created.v1"


class PublicationSeen(DutyMoved):
    type: ClassVar[str] = "projects.publication.found.v1"


class LimitPassed(DutyMoved):
    type: ClassVar[str] = "projects.duty.overdue.v1"


class PublicationGone(DutyMoved):
    type: ClassVar[str] = "projects.publication.withdrawn.v1"


class PublicationUndone(DutyMoved):
    type: ClassVar[str] = "projects.publication.taken_back.v1"


class VerdictMoved(DutyMoved):
    type: ClassVar[str] = "projects.duty.judged.v1"


class OwedByAnother(Event):
    """Another unit owes it from now on."""

    type: ClassVar[str] = "projects.duty.taken_over.v1"

    duty_id: UUID


class OrderMoved(Event):
    """An order to put a duty right was issued or has ended; `project_code` None: the duty is about
    no project."""

    project_code: str | None
    item_code: str
    unit_code: str


class PublicationOrdered(OrderMoved):
    type: ClassVar[str] = "projects.rectification.ordered.v1"


class OrderEnded(OrderMoved):
    type: ClassVar[str] = "projects.rectification.closed.v1"
