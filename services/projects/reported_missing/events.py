from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class DisclosureCheckAnswered(Event):
    """有人反映未公开的事项已经核查；同一事项的最新结果以 version 大者为准。

    What was reported missing was looked into. Of several answers about the same the one of the
    highest `version` counts.
    """

    type: ClassVar[str] = "projects.disclosure_check.answered.v1"

    check_id: UUID
    project_code: str | None = Field(description="所反映的项目 | The project that was named.")
    item_code: str | None = Field(description="所反映的事项 | The item that was named.")
    department_code: str | None = Field(description="所反映的部门 | The unit that was named.")
    version: int = Field(description="第几次答复，越大越新 | Counts the answers.")
    answer: str = Field(
        description="published、not_due、overdue、ordered 或 not_owed；"
        "reopened：原来的结果不再成立，重新核查中"
        " | One of them; or reopened: what was answered does not hold any more, and is being looked"
        " into again.",
        examples=["published"],
    )
    duty_id: UUID | None
    url: str | None
    published_at: AwareDatetime | None = Field(
        description="公开时间，不能确定的为空 | When it was published; null where nobody can say."
    )
    due_on: date | None
    document: str | None = Field(
        description="文号或条款 | A document's number, or an article.",
        examples=["整改〔2026〕12号"],
    )
    answered_at: AwareDatetime
