"""What people are to be let know and no other event says: ids, never whom."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class NoticeDue(Event):
    """该告知群众的事，不随其他事件发生：预约提醒、快到号、候补空位。不含收件人。

    Something that people are to be let know and that no other event says. Not whom: the service is
    asked for that when the notice goes out.
    """

    type: ClassVar[str] = "appointments.notice.due.v1"

    kind: str = Field(
        description="通知种类 | The kind of notice", examples=["appointment_reminder_day"]
    )
    about_id: UUID = Field(description="预约或号票的标识 | The appointment or ticket")
    occasion: str = Field(
        max_length=40,
        examples=["20261124T010000Z"],
        description="同一件事的第几次通知 | Tells notices of a kind about one thing apart",
    )
    useful_until: AwareDatetime | None = Field(
        None, description="之后再通知就没有用了 | Later than that it helps nobody"
    )
