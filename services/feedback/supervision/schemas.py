"""What the API takes and gives."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.feedback.supervision.models import Cause, OrderState, OrderStep
from shared.web.models import Prose, View

DEPARTMENT = r"^[A-Za-z0-9_-]{1,32}$"


class IssueOrder(Prose):
    department_code: str = Field(pattern=DEPARTMENT, examples=["D03"])
    level: int = Field(1, ge=1, le=3, description="督办级别 | Level")
    demand: str = Field(min_length=5, max_length=2000, description="要求 | What is demanded")


class OrderText(Prose):
    """What a person writes with a step."""

    text: str = Field(min_length=2, max_length=2000, description="说明 | In words")


class Remark(Prose):
    """What a person may write with a step."""

    text: str | None = Field(None, min_length=1, max_length=2000, description="说明 | In words")


class Acceptance(Remark):
    """What a supervisor writes with the acceptance of an answer."""

    reason: str | None = Field(
        None,
        min_length=5,
        max_length=2000,
        description="仍有事项未消除而认可答复的，必须写明理由 | Why the answer is accepted although"
        " items still stand; needed where one does",
        examples=["该事项已依法豁免公开，见豁免决定书"],
    )


class OrderView(View):
    """A supervision order as lists show it."""

    id: UUID
    number: str = Field(description="督办单号 | Public number")
    cause: Cause
    department_code: str
    level: int
    state: OrderState
    version: int
    issued_at: AwareDatetime
    ended_at: AwareDatetime | None
    due_on: date | None = Field(description="本步骤的最后一天 | Last day of the present step")
    due_on_is_provisional: bool | None
    overdue: bool
    item_count: int = Field(description="事项数 | How many items")
    open_item_count: int = Field(description="未消除的事项数 | How many still stand")


class SupervisionItemView(View):
    """One cause of an order."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    cause: Cause
    cause_id: UUID
    due_on: date | None
    project_code: str | None
    project_name: str | None
    item_code: str | None
    item_name: str | None
    settled_at: AwareDatetime | None
    evidence_event_id: UUID | None = Field(description="证据事件 | The event that proves it")
    evidence_url: str | None


class OrderStepView(View):
    step: OrderStep
    state: OrderState
    level: int
    at: AwareDatetime
    by: str
    text: str | None


class OrderDetail(OrderView):
    """An order with its demand, its first 200 items and everything that was done about it."""

    demand: str | None
    items: list[SupervisionItemView]
    steps: list[OrderStepView]
