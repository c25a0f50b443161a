"""What is published of orders to put findings right; no word that a person wrote."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import UnitEvent


class _OfOrder(UnitEvent):
    type: ClassVar[str]

    rectification_id: UUID
    number: str
    duty_id: UUID
    project_code: str | None
    subject: str | None = Field(
        description="项目以外的公开对象 | What the duty is about besides a project."
    )
    item_code: str
    cause: str = Field(
        description="下达时的结论 | The verdict when it was ordered.", examples=["incomplete"]
    )
    level: int
    due_on: date | None = Field(
        description="整改期限；放假通知未载入的为空 | The last day; null while a notice is missing."
    )
    at: AwareDatetime


class RectificationOrdered(_OfOrder):
    """已要求公开主体整改。

    A unit was ordered to put a finding right.
    """

    type: ClassVar[str] = "projects.rectification.ordered.v1"


class RectificationAnswered(_OfOrder):
    """公开主体已回复整改情况。

    A unit said what it has done.
    """

    type: ClassVar[str] = "projects.rectification.answered.v1"

    kind: str = Field(
        description="网址、文件或说明 | An address, a document or an explanation.",
        examples=["address"],
    )


class RectificationClosed(_OfOrder):
    """整改结束：复核属实、两人认可说明、撤销，或结论不再作数。

    An order ended: by proof, by two persons, revoked, or with its finding.
    """

    type: ClassVar[str] = "projects.rectification.closed.v1"

    closing: str = Field(description="怎样结束的 | How it ended.", examples=["proof"])
    rectified: bool
    url: str | None = Field(description="存证的网址 | The address that proves it.")
    was_escalated: bool


class RectificationReopened(_OfOrder):
    """整改证明被撤回，整改继续。

    The proof that closed an order was taken back: the order goes back to its unit.
    """

    type: ClassVar[str] = "projects.rectification.reopened.v1"

    url: str | None = Field(description="不再作为证明的网址 | The address that proves it no more.")


class RectificationEscalated(_OfOrder):
    """整改逾期，逐级升级后仍未办，转为督办。

    An order was left alone on every level and is to become a supervision order.
    """

    type: ClassVar[str] = "projects.rectification.escalated.v1"

    unit_name: str
    project_name: str | None
    item_name: str
