"""What the booking API takes and gives."""

import re
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Path
from pydantic import AwareDatetime, Field, model_validator

from services.appointments.booking.models import AppointmentState, Resolution
from services.appointments.slots.models import Pool
from services.appointments.slots.visits import MOST_LEGS, MOST_PERSONS
from shared.errors import Text, counted
from shared.security.personal import IdNumber, Phone
from shared.web.models import Input, View, named, old_name_of

LONGEST_RUN = 8
_ONE_TIME = Text(
    "时间只用一种方式填写：一个时段、一列时段，或大厅和开始时间",
    "Name the time in one way only: one slot, a list of slots, or the hall and when it begins",
)
_HALL_AND_TIME = Text(
    "大厅与开始时间须同时填写；写了时段的不用再写",
    "A hall goes with the time at which it begins, and with no slots",
)
_ONE_LIST = Text("事项只用一种方式填写：一个，或一列", "Name one item, or a list of items")
_TOO_MUCH = Text(
    f"人数乘以事项数不能超过 {MOST_LEGS}，请分开预约",
    f"At most {counted(MOST_LEGS, 'leg')} (people times items); please book in parts",
)


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


ItemCodes = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=64)]], Field(min_length=1, max_length=5)
]
Persons = Annotated[
    list[Annotated[int, Field(ge=1, le=MOST_PERSONS)]],
    Field(
        min_length=1,
        max_length=MOST_PERSONS,
        description="同约中的哪几位；不写则为整个预约，用同行人自己的预约码时只指这一位 | "
        "Which of the people of the visit; left out, all of them, or with the code of "
        "somebody who comes along, that one",
    ),
]


class HoldRequest(Input):
    """A time for a visit: named by slots on sale then, or by the hall and when it begins.

    For one item or several, one person or several who come together: everybody sees to every item.
    `citizen` only when staff or a device book for someone, `contact` only of who books with an
    account.
    """

    slot_ids: SlotIds | None = Field(None, description="一个或连续几个时段 | Consecutive slots")
    slot_id: UUID | None = Field(None, description="只约一个时段时可用 | Instead, for one slot")
    starts_at: AwareDatetime | None = Field(
        None, description="不写时段时：几点开始 | Instead of slots: when the visit begins"
    )
    hall_code: str | None = Field(
        None, min_length=1, max_length=32, validation_alias=named("hall_code", formerly="hall")
    )
    pool: Pool | None = None
    item_code: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        validation_alias=named("item_code", formerly="item"),
        examples=["PBOC-01"],
    )
    items: ItemCodes | None = Field(None, description="几个事项一起约 | Several items in one visit")
    persons: int = Field(
        1, ge=1, le=MOST_PERSONS, description="几个人同来 | How many people come together"
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
        if [self.slot_ids, self.slot_id, self.starts_at].count(None) != 2:
            raise ValueError(_ONE_TIME)
        if self.slot_ids and len(set(self.slot_ids)) < len(self.slot_ids):
            raise ValueError(Text("时段不能重复", "The same slot is named twice"))
        if (self.starts_at is None) != (self.hall_code is None):
            raise ValueError(_HALL_AND_TIME)
        if self.pool is not None and self.starts_at is None:
            raise ValueError(_HALL_AND_TIME)
        if (self.items is None) == (self.item_code is None):
            raise ValueError(_ONE_LIST)
        if len(set(self.wanted_items)) < len(self.wanted_items):
            raise ValueError(Text("事项不能重复", "The same item is named twice"))
        if len(self.wanted_items) * self.persons > MOST_LEGS:
            raise ValueError(_TOO_MUCH)
        return self

    @property
    def wanted(self) -> list[UUID]:
        """The slots asked for, however they were named."""
        return self.slot_ids or ([self.slot_id] if self.slot_id else [])

    @property
    def is_plain(self) -> bool:
        """Whether it is one person's one item in slots that are named."""
        return self.starts_at is None and self.persons == 1 and len(self.wanted_items) == 1

    @property
    def wanted_items(self) -> list[str]:
        """The items asked for, however they were named."""
        return self.items or ([self.item_code] if self.item_code else [])


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
    persons: Persons | None = None


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
    """The new time: by slots on sale then, or by when it begins."""

    slot_ids: SlotIds | None = None
    starts_at: AwareDatetime | None = None
    persons: Persons | None = None

    @model_validator(mode="after")
    def _one_way_of_naming(self) -> Self:
        if (self.slot_ids is None) == (self.starts_at is None):
            raise ValueError(_ONE_TIME)
        return self


class TakenSlot(View):
    """A slot in which the appointment has a place."""

    id: UUID
    starts_at: datetime
    minutes: int


class LegView(View):
    """What one of the people is seen for, and when: a visit has a leg for each person and item."""

    id: UUID
    code: str = Field(description="这一位的预约码 | The code of this person's leg")
    person_no: int = Field(description="第几位 | Which of the people, from 1")
    item_code: str
    state: AppointmentState
    starts_at: datetime
    minutes: int
    slots: list[TakenSlot]


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
    legs: list[LegView] = Field(
        description="同约的全部安排：每人每事一项，以上各项是其中这一项 | All of the visit, a leg "
        "for each person and item; the other fields are those of this one"
    )
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
