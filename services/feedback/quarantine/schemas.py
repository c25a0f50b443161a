"""What dispatchers see of a letter that waits, and how they decide on it."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.feedback.letters.models import Channel, LetterKind
from services.feedback.letters.schemas import PlainText
from services.feedback.quarantine.models import FloodSign, QuarantineState
from shared.web.models import Prose, View, old_name_of


class Release(Prose):
    """Register it after all."""

    all_alike: bool = Field(
        False,
        description="同类别、同内容、同地点且无补充的一并办理"
        " | The same for all of its kind, text and place to which nothing was added",
    )


class Drop(Release):
    """Do not register it; its sender reads the reason."""

    reason: Annotated[PlainText, Field(min_length=2, max_length=500)] = Field(
        description="理由，来信人可见 | The reason, which the sender reads",
        examples=["同一内容已登记并在办理，重复来信不再登记"],
    )


class RejectAppeal(Prose):
    """It stays dropped; its sender reads the reason."""

    reason: Annotated[PlainText, Field(min_length=2, max_length=500)] = Field(
        description="理由，来信人可见 | The reason, which the sender reads",
        examples=["经复查，同一事项已登记办理，维持原决定"],
    )


class WaitingSupplement(View):
    """What the sender of a letter that waits added to it; what looks personal is masked."""

    at: AwareDatetime
    text: str


class QuarantinedView(View):
    """A letter that waits; what looks personal in it is masked."""

    id: UUID
    waiting_no: str = Field(examples=["NC-DH-7KQ2M9XT-3"])
    kind: LetterKind
    channel: Channel
    state: QuarantineState
    version: int
    flood_sign: FloodSign = Field(description="为何先核对 | Why it is looked at first")
    title: str
    body: str
    place: str | None = Field(description="地点 | Where it is")
    supplements: list[WaitingSupplement] = Field(description="来信人补充的 | What was added to it")
    reason: str | None = Field(description="不予登记的理由 | Why it was not registered")
    appeal: str | None = Field(description="复查申请 | What its sender appealed with")
    received_at: AwareDatetime
    alike: int = Field(description="同一内容待核的件数 | How many of the same text wait")
    due_on: date | None = Field(
        description="登记或复查期限 | The last day to register it, or to decide on the appeal"
    )
    overdue: bool
    actions: list[str] = Field(description="您现在可以做的 | What you may do now")

    @old_name_of("overdue")
    def is_overdue(self) -> bool:
        return self.overdue


class QuarantineDecision(View):
    """What was decided, of how many letters, and how many of the same text are left."""

    id: UUID
    state: QuarantineState
    version: int
    reg_no: str | None = Field(description="登记编号 | The number it was registered under")
    decided: int
    left: int = Field(description="同一内容还有多少件待核 | Of the same text, still waiting")
