"""What the page that publishes a duty states of what the duty asks for."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.evidence.schemas import QuoteView
from shared.web.models import View


class ElementView(View):
    """An element that has to be on the page."""

    element: str = Field(description="应公开的内容要素 | What has to be in it.")
    is_missing: bool = Field(
        description="认定为缺少 | Whether it was found missing; false where nothing is judged."
    )
    quote: QuoteView | None = Field(
        description="原文及位置；网页上没有同名要素的为空"
        " | As it stands there; null where the page has no label of that name."
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
