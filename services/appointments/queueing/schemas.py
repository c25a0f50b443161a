"""What people at the windows ask of a ticket, and how a ticket is shown."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.appointments.queueing.models import Outcome, Ticket, TicketState
from shared.errors import Text
from shared.web.models import Input, View, named, old_name_of

ItemCode = Annotated[str, Field(min_length=1, max_length=64)]
_DONE_IS_DONE = Text(
    "已办结的不能再列所缺材料；缺材料的请选“需补正”",
    "Nothing is missing when it is done; choose that more is needed",
)
_ALL_AT_ONCE = Text(
    "请一次写全须补正的材料，群众凭号可以看到（行政许可法第三十二条，一次性告知）",
    "List all that is missing at once, which the ticket then shows (行政许可法 art. 32)",
)
_TWICE = Text("事项不能重复", "The same item is named twice")
_WHERE_TO = Text("请写明转到哪个事项或窗口", "Say which items or which window it goes to")


class TransitionRequest(Input):
    """`version`, when given, must be the ticket's present one."""

    version: int | None = Field(None, ge=1, le=2**31 - 1)


class FinishRequest(TransitionRequest):
    """How the matter ended; `missing` lists all that must still be brought (一次性告知, 行政许可法
    art. 32): nobody is sent home without it, and nobody who is done has one.
    """

    model_config = ConfigDict(str_strip_whitespace=True)

    outcome: Outcome
    missing: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field([], max_length=50)

    @model_validator(mode="after")
    def _lists_what_is_missing(self) -> "FinishRequest":
        if self.outcome is Outcome.DONE and self.missing:
            raise ValueError(_DONE_IS_DONE)
        if self.outcome is Outcome.NEEDS_MORE and not self.missing:
            raise ValueError(_ALL_AT_ONCE)
        return self


class TransferRequest(TransitionRequest):
    """Where the person goes next: other items, a certain window, or both."""

    items: list[ItemCode] | None = Field(None, min_length=1, max_length=5)
    window_id: UUID | None = Field(None, validation_alias=named("window_id", formerly="window"))

    @model_validator(mode="after")
    def _says_where(self) -> "TransferRequest":
        if self.items is not None and len(set(self.items)) < len(self.items):
            raise ValueError(_TWICE)
        if self.items is None and self.window_id is None:
            raise ValueError(_WHERE_TO)
        return self


class EstimateView(View):
    """The wait that half, and 85 of 100, such people do not exceed; null: no open window yet."""

    p50_minutes: int | None
    p85_minutes: int | None


class ElsewhereView(View):
    """Another hall that serves the same, and the wait that 85 of 100 do not exceed there now."""

    hall_code: str
    name: str
    p85_minutes: int


class TicketView(View):
    """A ticket as anyone may see who knows its id: nothing personal, not even the class."""

    id: UUID
    number: str = Field(examples=["A001"])
    hall_code: str
    items: list[str]
    pending: list[str] = Field(
        [], description="同一号之后到别的窗口办的事项 | What comes after that, at other windows."
    )
    state: TicketState
    version: int
    window_no: int | None = Field(None, description="窗口号 | The window's number.")
    recalls: int
    issued_at: AwareDatetime
    ready_at: AwareDatetime
    called_at: AwareDatetime | None
    outcome: Outcome | None
    missing: list[str]
    next_ticket_id: UUID | None = Field(
        None, description="转办后的号票 | The leg that a transfer opened."
    )
    ahead: int | None = Field(None, description="前面还有几位 | How many come before.")
    estimate: EstimateView | None = None
    served_from: AwareDatetime | None = Field(
        None,
        description="目前无开放窗口办理时，预计何时有窗口开放；不明为空 | While no open window "
        "serves it: when one is expected; null where that is not known.",
    )
    advice: str | None = Field(
        None,
        description="等候过长或暂无窗口时的建议 | When the wait is long, or no window is open.",
    )
    elsewhere: ElsewhereView | None = Field(
        None,
        description="预计等候超过两个半小时时，等候短得多的最近大厅 | When the wait may exceed two "
        "and a half hours: the nearest hall where it is far shorter.",
    )
    bookable_at: AwareDatetime | None = Field(
        None,
        description="预计等候超过两个半小时时，本大厅最近可预约的时间 | Then: the next time that "
        "can be booked in this hall.",
    )

    @old_name_of("hall_code")
    def hall(self) -> str:
        return self.hall_code

    @old_name_of("window_no")
    def window(self) -> int | None:
        return self.window_no


class TicketMemory(BaseModel):
    """What an undo puts back: the columns that actions change."""

    model_config = ConfigDict(from_attributes=True)

    state: TicketState
    state_since: AwareDatetime
    ready_at: AwareDatetime
    due_at: AwareDatetime
    window_id: UUID | None
    window_no: int | None
    called_at: AwareDatetime | None
    last_called_at: AwareDatetime | None
    recalls: int
    outcome: Outcome | None
    missing: list[str]
    next_leg_id: UUID | None


class Entry(BaseModel):
    """An entry of the event log, beyond what the ticket itself says; `event` names its event."""

    action: str
    event: str
    actor: str
    at: datetime
    from_state: str | None = None
    window_id: UUID | None = None
    window_no: int | None = None
    call_id: UUID | None = None
    served_seconds: float | None = None
    outcome: Outcome | None = None
    predicted_p50: int | None = None
    predicted_p85: int | None = None
    undoes: int | None = None
    reason: str | None = None
    before: dict[str, Any] = {}
    next_ticket_id: UUID | None = None


def memory(ticket: Ticket) -> dict[str, Any]:
    """The ticket's changeable columns, as the event log keeps them."""
    return TicketMemory.model_validate(ticket).model_dump(mode="json")


def seconds_between(start: datetime | None, end: datetime) -> float | None:
    """Seconds from `start` to `end`, never below 0; None when there was no start."""
    return None if start is None else max((end - start).total_seconds(), 0.0)
