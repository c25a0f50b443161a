"""Halls and windows as the API takes and gives them."""

import zoneinfo
from datetime import date, datetime, time
from typing import Annotated, Literal, NamedTuple, Self
from uuid import UUID

from fastapi import Path
from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    model_validator,
)

from services.appointments.directory.models import DeviceKind, HallLevel, WindowKind
from shared.errors import Text
from shared.web.models import Input, View, old_name_of
from shared.web.wall_times import WallTime

HallCode = Annotated[
    str, Path(pattern=r"^[A-Z0-9-]{2,32}$", description="大厅代码 | Hall code", examples=["H001"])
]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,16}$")]
ItemRef = Annotated[str, Field(pattern=r"^[A-Z0-9-]{2,64}$")]
PhoneText = Annotated[str, Field(min_length=3, max_length=40, pattern=r"^[0-9+()\- 转]+$")]
Channel = Literal["window", "web", "app", "mini_program", "kiosk", "phone"]
Accessibility = Literal[
    "step_free", "lift", "toilet", "sign_language", "braille", "large_print", "hearing_loop"
]

Offer = Literal[
    "tickets",
    "check_in",
    "booking",
    "guides",
    "progress",
    "forms",
    "certificates",
    "payment",
    "letters",
]
"""What people can do at a machine: take a ticket, check in, book, read a guide, see how their
matter stands, print a form or a certificate, pay, write a letter."""
Offers = Annotated[list[Offer], Field(max_length=9)]


def _zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise ValueError(Text("没有这个时区", "No such time zone"))
    return name


_LATE = (
    "大厅开放时间以外的办理时间（延时服务窗口） | When it serves though the hall is not open"
    " (late-closing windows)"
)


class OpeningHours(Input):
    """On these weekdays (1 Monday .. 7 Sunday) from `opens` to `closes`; 00:00 ends the day."""

    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field(min_length=1, max_length=7)
    opens: WallTime
    closes: WallTime

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closes != time(0) and self.closes <= self.opens:
            raise ValueError(Text("结束时间应晚于开始时间", "It must close after it opens"))
        return self


HOURS = TypeAdapter(list[OpeningHours])
"""Hours as a column has them."""


class HallTerms(View):
    """What is known of a hall."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(min_length=1, max_length=200)
    name_en: str | None = Field(None, max_length=200)
    address: str = Field(min_length=1, max_length=300)
    level: HallLevel = HallLevel.CITY
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    phone: PhoneText | None = None
    opening_hours: list[OpeningHours] = Field(default_factory=list, max_length=14)
    channels: list[Channel] = Field(default_factory=list, max_length=6)
    accessibility: list[Accessibility] = Field(default_factory=list, max_length=7)
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    valid_from: date | None = None
    valid_to: date | None = None


class HallIn(Input, HallTerms):
    """A new hall, or the next state of one; `version` is the one that you are changing."""

    version: int | None = Field(None, ge=1, description="新大厅不填 | Leave out for a new hall")

    @model_validator(mode="after")
    def _whole_place(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError(Text("经度和纬度须同时填写", "Latitude and longitude go together"))
        return self


class Load(View):
    """How busy the hall is; null means not measured, never "empty"."""

    model_config = ConfigDict(from_attributes=True)

    waiting: int | None = None
    windows_open: int | None = None
    p50_minutes: int | None = None
    p85_minutes: int | None = None
    measured_at: datetime | None = None


class HallContactView(View):
    """A telephone number of a service at a unit."""

    model_config = ConfigDict(from_attributes=True)

    service: str
    unit: str
    phone: str
    hours: str
    remark: str


class HallView(HallTerms):
    """A hall in a list."""

    code: str
    load: Load
    distance_metres: int | None = Field(None, description="离您多远 | From `near`")
    version: int


class ZoneIn(Input):
    """A waiting area."""

    model_config = ConfigDict(from_attributes=True)

    code: Code
    name: str = Field(min_length=1, max_length=100)


class WindowIn(Input):
    """A window and the items it serves, its first choice first."""

    no: int = Field(ge=1, le=999)
    name: str = Field("", max_length=100)
    kind: WindowKind = WindowKind.COUNTER
    zone: Code | None = None
    department_code: str | None = Field(None, pattern=r"^[A-Z0-9-]{2,32}$")
    items: list[ItemRef] = Field(max_length=200)
    late_hours: list[OpeningHours] = Field(default_factory=list, max_length=14, description=_LATE)

    @model_validator(mode="after")
    def _late_at_late_windows(self) -> Self:
        if self.late_hours and self.kind is not WindowKind.LATE_CLOSING:
            raise ValueError(
                Text(
                    "只有延时服务窗口可以在大厅下班后办理",
                    "Only late-closing windows serve beyond the hall's hours",
                )
            )
        return self


class WindowsIn(Input):
    """All windows and zones of a hall; what is left out is retired."""

    version: int = Field(ge=1, description="大厅的版本 | The hall's version")
    zones: list[ZoneIn] = Field(default_factory=list, max_length=50)
    windows: list[WindowIn] = Field(max_length=300)


class WindowView(View):
    """A window and the items it serves."""

    id: UUID
    no: int
    name: str
    kind: WindowKind
    zone: str | None
    department_code: str | None
    items: list[str]
    late_hours: list[OpeningHours] = Field(description=_LATE)


class ClosedTime(View):
    """A time in which a hall is closed, or only a window, an item, or the slots of a rule."""

    hall_code: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    window_no: int | None = Field(description="只停这个窗口；空为不限 | Only this window")
    item_code: str | None = Field(description="只停这个事项；空为不限 | Only this item")
    rule_code: str | None = Field(description="只停这条排班规则；空为不限 | Only this rule's slots")
    version: int

    @old_name_of("hall_code")
    def hall(self) -> str:
        return self.hall_code

    @old_name_of("window_no")
    def window(self) -> int | None:
        return self.window_no

    @old_name_of("item_code")
    def item(self) -> str | None:
        return self.item_code

    @old_name_of("rule_code")
    def rule(self) -> str | None:
        return self.rule_code


class HallClosure(ClosedTime):
    """A closure of the hall that is or will be."""

    id: UUID


class HallDetail(HallView):
    """A hall with its windows, zones, telephone numbers, and when it is closed."""

    contacts: list[HallContactView]
    zones: list[ZoneIn]
    windows: list[WindowView]
    closures: list[HallClosure] = Field(
        description="正在或将要停办的时间 | When it is or will be closed"
    )


class DeviceIn(Input):
    """A device and the account with which it signs in."""

    kind: DeviceKind
    name: str = Field(min_length=1, max_length=100)
    account: str | None = Field(None, min_length=1, max_length=128)
    window_no: int | None = Field(None, ge=1, le=999)
    zone: Code | None = None
    location: str = Field("", max_length=200)
    offers: Offers = Field(default_factory=list)


class DevicesIn(Input):
    """All devices of a hall; what is left out is retired."""

    version: int = Field(ge=1, description="大厅的版本 | The hall's version")
    devices: list[DeviceIn] = Field(max_length=500)


class DeviceView(View):
    """A device in use."""

    id: UUID
    kind: DeviceKind
    name: str
    account: str | None
    window_no: int | None
    zone: str | None
    location: str
    offers: Offers


class GeoPoint(NamedTuple):
    """A point on earth, in degrees."""

    latitude: float
    longitude: float
