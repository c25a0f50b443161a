"""What the API takes and gives."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.feedback.deadlines.models import ClockState, PolicyKind, SubjectKind, Unit
from shared.web.models import Prose, View, old_name_of

REGION = r"^[A-Z]{2}(-[A-Z0-9]{1,8})?$"


class NewDeadlinePolicy(Prose):
    region: str = Field("CN", pattern=REGION, description="地区；CN 为通用 | Region; CN is general")
    kind: PolicyKind
    unit: Unit
    n: int = Field(ge=0, le=366, description="多少日 | How many days")
    extension_limit: int = Field(
        0, ge=0, le=366, description="最多可延长多少日 | How many days at most it can be extended"
    )
    legal_source: str = Field(min_length=2, max_length=200, description="依据 | Legal source")
    valid_from: date = Field(description="自何日起适用，不早于今天 | From today on or later")


class PolicyView(View):
    """A row of policy: how long something may take, and by which rule."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    region: str
    kind: PolicyKind
    unit: Unit
    n: int
    extension_limit: int
    legal_source: str
    valid_from: date


class ClockView(View):
    """A limit that runs, or ran, for one letter, rating or order."""

    id: UUID
    subject_kind: SubjectKind
    subject_id: UUID
    kind: PolicyKind
    department_code: str
    state: ClockState
    due_on: date = Field(description="最后一天，至 24:00 | The last day, until 24:00")
    due_on_is_provisional: bool
    original_due_on: date
    extended: bool
    overdue: bool
    started_at: AwareDatetime
    met_at: AwareDatetime | None

    @old_name_of("due_on_is_provisional")
    def provisional(self) -> bool:
        return self.due_on_is_provisional
