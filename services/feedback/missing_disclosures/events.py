from typing import ClassVar

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class MissingDisclosureReported(Event):
    """有人反映某项信息没有公开。只说是哪个项目、哪一项、哪个部门，不含来信编号、内容和来信人。

    Somebody reports that something is not published: of which project, item or department, without
    the letter's number, its text or its sender.
    """

    type: ClassVar[str] = "feedback.missing_disclosure.reported.v1"

    project_code: str | None = Field(description="项目代码 | Of which project.")
    item_code: str | None = Field(description="目录事项 | Which item of the catalogue.")
    department_code: str | None = Field(description="应公开的部门 | Who has to publish it.")
    reported_at: AwareDatetime
