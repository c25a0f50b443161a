"""Publications as programs read them."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.auditing.models import Verdict
from shared.web.models import View


class PublicationView(View):
    """Something that had to be published and was, as far as everybody may know it."""

    duty_id: UUID
    project_code: str | None = Field(
        description="项目代码；与项目无关的为空 | The project; null of what is about none."
    )
    project_name: str | None
    unit_code: str
    unit_name: str
    item_code: str
    item_name: str
    formed_on: date | None
    due_on: date | None
    verdict: Verdict
    published_at: AwareDatetime | None = Field(
        description="公开时间；不能确定的为空 | When it was published; null where nobody can say."
    )
    first_seen_at: AwareDatetime | None
    gone_at: AwareDatetime | None = Field(
        description="从何时起已看不到；仍在的为空 | Since when it is gone; null while it is there."
    )
    trust: int = Field(ge=0, le=5, description="时间可信度 | How far its time is to be trusted.")
    url: str | None
