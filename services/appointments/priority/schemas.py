"""A queue policy and the evidence for a credit, as the API takes and gives them."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from services.appointments.priority.models import TicketClass
from shared.errors import Text
from shared.web.models import Input, View

Credit = Annotated[int, Field(ge=0, le=1440)]

DEFAULT_CREDITS: dict[TicketClass, int] = {
    TicketClass.WALK_IN: 0,
    TicketClass.ELDERLY: 60,
    TicketClass.PREGNANT: 60,
    TicketClass.CHILD_IN_ARMS: 60,
    TicketClass.DISABLED: 90,
    TicketClass.MILITARY: 90,
    TicketClass.MARTYRS_FAMILY: 90,
    TicketClass.FIREFIGHTER: 90,
    TicketClass.APPOINTMENT: 90,
    TicketClass.GREEN_CHANNEL: 100,
}
_EVERY_CLASS = Text(
    "除临时照顾外，每一类都要写明照顾分钟数；普通取号必须为 0",
    "Give the minutes of every class but the override; those of a walk-in must be 0",
)


class QueueRules(Input):
    """The numbers of a queue policy; the defaults hold where a hall has decided nothing.

    Strict order of classes is a policy too: credits of a whole day, one above the other.
    """

    model_config = ConfigDict(frozen=True)

    credits: dict[TicketClass, Credit] = Field(
        DEFAULT_CREDITS, description="照顾分钟数 | Minutes of credit a class has."
    )
    override_max_minutes: int = Field(120, ge=0, le=1440)
    elderly_from_age: int = Field(
        60,
        ge=50,
        le=100,
        description="多大年龄算老年人（老年人权益保障法第二条）"
        " | Elderly from this age (Law on the Protection of the Elderly, art. 2)",
    )
    late_after_minutes: int = Field(15, ge=0, le=240)
    guard_after_minutes: int = Field(90, ge=1, le=1440)
    guard_every: int = Field(
        3,
        ge=2,
        le=20,
        description="每叫这么多个号，有一次不计优先 | One call in so many ignores credits.",
    )
    recalls_max: int = Field(3, ge=1, le=10)
    recall_gap_seconds: int = Field(60, ge=1, le=600)
    back_within_minutes: int = Field(30, ge=1, le=480)
    undo_seconds: int = Field(60, ge=1, le=600)
    left_after_hours: int = Field(
        8,
        ge=1,
        le=72,
        description="闭厅后（全天开放的大厅从上次操作起）多少小时无人处理即关闭 | Hours after "
        "which what nobody has touched is closed: from the end of the hall's day, or from "
        "the last touch where the hall does not close.",
    )

    @model_validator(mode="after")
    def _names_every_class(self) -> "QueueRules":
        complete = set(self.credits) == set(DEFAULT_CREDITS)
        if not complete or self.credits[TicketClass.WALK_IN] != 0:
            raise ValueError(_EVERY_CLASS)
        return self


class Policy(QueueRules):
    """The rules in force at a hall; `version` 0 is the default of the system."""

    version: int = Field(0, ge=0)


class PolicyChange(Input):
    """What changes in a hall's policy; `basis` names the document that allows it.

    A rule that is not named stays as it is.
    """

    rules: QueueRules
    version: int | None = Field(
        None, ge=0, description="您所修改的版本 | The version that you are changing"
    )
    basis: str = Field(min_length=2, max_length=500, examples=["本中心优先服务规定〔2026〕3号"])


class QueuePolicyView(View):
    hall_code: str
    version: int
    rules: QueueRules
    basis: str | None
    decided_at: AwareDatetime | None


class IdNumberEvidence(Input):
    """The citizen number (GB 11643) that shows the age; it is checked and never stored."""

    kind: Literal["id_number"]
    value: str = Field(min_length=15, max_length=24)


class CertificateEvidence(Input):
    """A certificate that staff or a device has seen; only a keyed hash of its number is kept."""

    kind: Literal["certificate"]
    number: str = Field(min_length=4, max_length=64, pattern=r"^\S.*\S$")


class StaffEvidence(Input):
    """What staff see with their own eyes (pregnant, child in arms) or decide, with the reason."""

    kind: Literal["staff"]
    reason: str = Field(min_length=2, max_length=120)
    minutes: int | None = Field(
        None, ge=0, le=1440, description="仅用于人工优先 | For class override only."
    )


Evidence = Annotated[
    IdNumberEvidence | CertificateEvidence | StaffEvidence, Field(discriminator="kind")
]
