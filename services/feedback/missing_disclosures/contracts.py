"""What this room reads of the events of the service that audits disclosure."""

from datetime import date
from typing import ClassVar

from pydantic import AwareDatetime

from shared.messaging.events import Event


class DisclosureChecked(Event):
    """反映没有公开的事项已经核查。

    What was reported missing was looked into.
    """

    type: ClassVar[str] = "projects.disclosure_check.answered.v1"

    project_code: str | None
    item_code: str | None
    department_code: str | None
    version: int
    answer: str
    url: str | None
    published_at: AwareDatetime | None
    due_on: date | None
    document: str | None
    answered_at: AwareDatetime
