"""What the page that publishes a duty states of what the duty asks for."""

from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.attachments.models import Attachment
from services.projects.evidence.schemas import QuoteView
from shared.web.models import View


class QuotedFile(View):
    """A file of the page in which an element stands."""

    name: str = Field(description="附件名称 | How the page calls it.")
    url: str
    evidence_id: UUID = Field(description="附件的证据 | The evidence of the file.")

    @classmethod
    def of(cls, file: Attachment) -> Self:
        return cls.model_validate(file.model_dump(include={*cls.model_fields}))


class ElementView(View):
    """An element that has to be on the page."""

    element: str = Field(description="应公开的内容要素 | What has to be in it.")
    is_missing: bool = Field(
        description="认定为缺少 | Whether it was found missing; false where nothing is judged."
    )
    quote: QuoteView | None = Field(
        description="原文及位置；网页和附件中都没有同名要素的为空"
        " | As it stands there; null where neither the page nor a file has a label of that name."
    )
    file: QuotedFile | None = Field(
        description="要素载于附件的，为该附件，位置按附件文字计；载于网页的为空"
        " | The file in whose text it stands; null where it stands on the page itself."
    )


class DutyElements(View):
    """The elements that a duty asks for, quoted from the capture by which it is judged."""

    duty_id: UUID
    item_name: str = Field(description="事项 | The item.")
    unit_name: str = Field(description="单位 | The unit.")
    project_name: str = Field(description="项目 | The project.")
    evidence_id: UUID | None = Field(
        description="所依据的证据；未见公开的为空 | The evidence; null while nothing was seen."
    )
    url: str | None
    fetched_at: AwareDatetime | None
    elements: list[ElementView] = Field(
        description="应公开的每项要素 | Each element that has to be in it."
    )
