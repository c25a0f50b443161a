"""A visit as the log tells it: nothing personal of the visitor, and who acted."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.priority.models import TicketClass
from services.appointments.queueing.models import TicketState
from shared.web.models import View, old_name_of


class OvertakenTicket(View):
    """A ticket that was due, or had waited longer, when another one was called."""

    id: UUID
    number: str = Field(examples=["A002"])


class HistoryEntry(View):
    """One entry of the hall's log about the visit; `hall_seq` orders them."""

    hall_seq: int
    ticket_id: UUID
    leg: int = Field(description="第几程：转办一次加一 | One more with each transfer")
    at: AwareDatetime
    action: str = Field(examples=["call"])
    from_state: TicketState | None
    to_state: TicketState
    actor: str = Field(
        description="谁办的：工作人员的姓名（不知时为账户），或本人、大厅的设备或工作人员、系统"
        " | Who did it: the name of the staff (the account where none is known), or else what they"
        " are"
    )
    window_no: int | None
    undone: bool = Field(description="已被撤销 | Taken back afterwards")
    undoes: int | None = Field(description="所撤销的记录 | The `hall_seq` that it takes back")
    waited_seconds: float | None
    served_seconds: float | None
    outcome: str | None
    predicted_p85: int | None
    policy_version: int | None = Field(description="叫号所依规则版本 | Of the queue policy")
    ignored_credits: bool | None = Field(
        description="按等候最久叫号，未计优先 | Called for having waited longest, whatever credit"
    )
    reason: str | None = Field(description="不按次序叫号的原因 | Why it was called out of turn")
    overtook: list[OvertakenTicket] = Field(description="越过的号 | Whom the call overtook")

    @old_name_of("window_no")
    def window(self) -> int | None:
        return self.window_no


class Overtaking(View):
    """A call by which another ticket came before this one."""

    hall_seq: int
    called_at: AwareDatetime
    ticket_id: UUID
    number: str
    window_no: int
    clerk: str
    ticket_class: TicketClass = Field(serialization_alias="class")
    credit_minutes: int
    policy_version: int
    ignored_credits: bool
    reason: str | None = Field(description="不按次序叫号的原因 | Why out of turn; null: in turn")

    @old_name_of("window_no")
    def window(self) -> int:
        return self.window_no


class TicketHistory(View):
    """The whole visit, all its legs, and who came before it."""

    ticket_id: UUID
    visit_id: UUID
    number: str
    hall_code: str
    ticket_class: TicketClass = Field(serialization_alias="class")
    credit_minutes: int
    credit_reason: str | None = Field(
        description="工作人员给予优先的原因，不由工作人员决定的为空"
        " | Why staff put it ahead; null where it was not theirs to decide"
    )
    items: list[HistoryEntry]
    overtaken_by: list[Overtaking]

    @old_name_of("hall_code")
    def hall(self) -> str:
        return self.hall_code
