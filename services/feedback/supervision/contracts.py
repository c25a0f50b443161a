"""What this room reads of other services' events: only the fields it uses."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class DutyOverdue(Event):
    """公开事项已逾期。

    A disclosure duty is overdue.
    """

    type: ClassVar[str] = "projects.duty.overdue.v1"

    duty_id: UUID
    unit_code: str = Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")
    project_code: str
    project_name: str
    item_code: str
    item_name: str
    due_on: date
    judged_at: AwareDatetime


class RectificationEscalated(Event):
    """整改逾期未办，转督办。

    A unit left alone an order to put a disclosure right: it is to be supervised.
    """

    type: ClassVar[str] = "projects.rectification.escalated.v1"

    rectification_id: UUID
    number: str
    unit_code: str = Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")
    project_code: str | None
    project_name: str | None
    item_code: str
    item_name: str
    due_on: date | None
    at: AwareDatetime


class RectificationClosed(Event):
    """整改已结束。

    An order to put a disclosure right has ended.
    """

    type: ClassVar[str] = "projects.rectification.closed.v1"

    rectification_id: UUID
    url: str | None
    was_escalated: bool
    at: AwareDatetime


class PublicationFound(Event):
    """已发现公开。

    The publication that a duty asks for was found.
    """

    type: ClassVar[str] = "projects.publication.found.v1"

    duty_id: UUID
    url: str
