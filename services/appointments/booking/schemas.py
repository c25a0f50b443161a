"""What the booking API takes and gives."""

import re
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Path
from pydantic import Field, model_validator

from services.appointments.booking.models import AppointmentState, Resolution
from services.appointments.slots.models import Pool
from shared.errors import Text
from shared.security.personal import IdNumber, Phone
from shared.web.models import Input, View, named, old_name_of

LONGEST_RUN = 8


SlotIds = Annotated[list[UUID], Field(min_length=1, max_length=LONGEST_RUN)]


Reference = Annotated[
    str, Path(min_length=6, max_length=40, description="预约编号或预约码 | Id or public code")
]


class ContactIn(Input):
    """How the hall may reach who books with an account; it says nothing about who they are."""

    name: str = Field(min_length=1, max_length=60, pattern=r"\S")
    phone: Phone


class PersonIn(ContactIn):
    """A person without an account, for whom staff or a device book."""

    id_number: IdNumber | None = None


class HoldRequest(Input):
    """Which places, for which item; `citizen` only when staff or a device book for someone,
    `contact` only of who books with an account."""

    slot_ids: SlotIds | None = Field(None, description="一个或连续几个时段 | Consecutive slots")
    slot_id: UUID | None = Field(None, description="只约一个时段时可用 | Instead, for one slot")
    item_code: str = Field(
        min_length=1,
        max_length=64,
        validation_alias=named("item_code", formerly="item"),
        examples=["PBOC-01"],
    )
    citizen: PersonIn | None = None
    contact: ContactIn | None = Field(
        None,
        description="本人愿意留下的姓名和电话，时间有变时大厅据此联系；加密保存，查看记入审计，可不填"
        " | Name and phone to be reached at if the hall has to take the time back; kept encrypted,"
        " read only under audit, and left out at will",
    )

    @model_validator(mode="after")
    def _one_way_of_naming(self) -> Self:
        if (self.slot_ids is None) == (self.slot_id is None):
            raise ValueError(
                Text(
                    "时段只用一种方式填写：一个，或一列",
                    "Name the slots in one way only: one, or a list",
                )
            )
        if self.slot_ids and len(set(self.slot_ids)) < len(self.slot_ids):
            raise ValueError(Text("时段不能重复", "The same slot is named twice"))
        return self

    @property
    def wanted(self) -> list[UUID]:
        """The slots asked for, however they were named."""
        return self.slot_ids or [self.slot_id]  # type: ignore[list-item]


class ChangeRequest(Input):
    """Nothing has to be sent; with `version`, only that version is changed."""

    version: int | None = Field(None, ge=1)


Reason = Annotated[
    str,
    Field(
        min_length=2,
        max_length=500,
        pattern=r"\S",
        examples=["经核实，当天系统故障未能签到"],
        description="理由，本人可见 | The reason, which the person sees",
    ),
]


class CancelRequest(ChangeRequest):
    """Staff who cancel what lost its time say why; the person is shown it."""

    reason: Reason | None = None


class Reasoned(Input):
    """Why staff decide so."""

    reason: Reason


class ContactRequest(Input):
    """What somebody's contact is needed for; it stands in the audit log."""

    purpose: str = Field(
        min_length=2,
        max_length=200,
        pattern=r"\S",
        examples=["时段撤销，联系改约"],
        description="用途，记入审计 | The purpose, noted in the audit log",
    )

    @model_validator(mode="after")
    def _names_no_number(self) -> Self:
        if re.search(r"\d{5}", self.purpose):
            raise ValueError(Text("用途里请不要写号码", "Please leave numbers out of the purpose"))
        return self


class ContactView(View):
    """How to reach the person, for the purpose that was given."""

    appointment_id: UUID
    name: str
    phone: str


class MoveRequest(ChangeRequest):
    """The new places."""

    slot_ids: SlotIds


class TakenSlot(View):
    """A slot in which the appointment has a place."""

    id: UUID
    starts_at: datetime
    minutes: int


class MaskedPerson(View):
    """Enough for staff to recognise the person: 张**, 138****0000."""

    name: str
    phone: str


class AppointmentView(View):
    """An appointment as its owner and the hall's staff see it."""

    id: UUID
    code: str = Field(description="预约码，到场报此码 | What to say or show on arrival")
    state: AppointmentState
    hall_code: str
    item_code: str
    pool: Pool
    starts_at: datetime
    minutes: int
    slots: list[TakenSlot]
    held_at: datetime
    expires_at: datetime | None = Field(description="保留到何时 | Until when it is held")
    guide_version: int
    policy_version: int
    rescheduled_from: UUID | None = None
    resolved: Resolution | None = Field(
        None,
        description="失去时段后如何了结：改约或取消 | How it was settled after its time was lost",
    )
    reason: str | None = Field(None, description="工作人员的理由 | The reason that staff gave")
    citizen: MaskedPerson | None = None
    version: int

    @old_name_of("item_code")
    def item(self) -> str:
        return self.item_code
