"""Halls, their waiting zones, windows, devices and telephone numbers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import String
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type
from shared.ids import new_id


class HallLevel(StrEnum):
    """The level of government that the hall belongs to."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWN = "town"


class WindowKind(StrEnum):
    """Counter, green fast lane (绿色通道), late closing (延时服务), self-service, remote."""

    COUNTER = "counter"
    GREEN = "green"
    LATE_CLOSING = "late_closing"
    SELF_SERVICE = "self_service"
    REMOTE = "remote"


class DeviceKind(StrEnum):
    KIOSK = "kiosk"
    DISPLAY = "display"
    CALLER = "caller"
    EVALUATOR = "evaluator"


class Hall(Table, table=True):
    """A service hall (政务服务大厅). `code` is also the scope of its events: `[A-Z0-9-]+`."""

    __tablename__: ClassVar[str] = "hall"
    presence: ClassVar[str] = "present"
    """What a refusal names as the state of a hall: it has no others."""
    __table_args__ = (
        CheckConstraint("code ~ '^[A-Z0-9-]{2,32}$'", name="code_is_a_subject_token"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_on_earth"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_on_earth"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="place_is_whole"),
    )

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=200)
    name_en: str | None = Field(default=None, max_length=200)
    address: str = Field(max_length=300)
    level: HallLevel = Field(default=HallLevel.CITY, sa_type=enum_type(HallLevel, 16))
    latitude: float | None = None
    longitude: float | None = None
    phone: str | None = Field(default=None, max_length=40)
    """The hall's own number; numbers of a service at a unit are `HallContact` rows."""
    opening_hours: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    """[{"weekdays": [1..7], "opens": "09:30", "closes": "17:30"}], local time of the hall."""
    channels: list[str] = Field(default_factory=list, sa_type=ARRAY(String(16)))
    accessibility: list[str] = Field(default_factory=list, sa_type=ARRAY(String(32)))
    timezone: str = Field(default="Asia/Shanghai", max_length=64)
    valid_from: date | None = None
    valid_to: date | None = None
    version: int = 1
    updated_at: datetime = Field(sa_type=Moment)


class HallContact(Table, table=True):
    """A telephone number: it belongs to a service at a unit, not to the unit or the address."""

    __tablename__: ClassVar[str] = "hall_contact"
    __table_args__ = (UniqueConstraint("hall_code", "service", "unit", "phone"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    service: str = Field(max_length=100)
    unit: str = Field(max_length=200)
    phone: str = Field(max_length=40)
    hours: str = Field(default="", max_length=100)
    remark: str = Field(default="", max_length=300)


class Zone(Table, table=True):
    """A waiting area of a hall, with its own display."""

    __tablename__: ClassVar[str] = "zone"
    __table_args__ = (UniqueConstraint("hall_code", "code"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    code: str = Field(max_length=16)
    name: str = Field(max_length=100)
    retired_at: datetime | None = Field(default=None, sa_type=Moment)


class Window(Table, table=True):
    """A window (窗口) of a hall. Whether it is at work now is the queue's own table."""

    __tablename__: ClassVar[str] = "window"
    __table_args__ = (
        UniqueConstraint("hall_code", "no"),
        # Lets window_item prove that window and hall belong together.
        UniqueConstraint("id", "hall_code"),
        CheckConstraint("no BETWEEN 1 AND 999", name="number_fits_the_display"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    no: int
    name: str = Field(default="", max_length=100)
    kind: WindowKind = Field(default=WindowKind.COUNTER, sa_type=enum_type(WindowKind, 16))
    zone_id: UUID | None = Field(default=None, foreign_key="zone.id")
    department_code: str | None = Field(default=None, max_length=32)
    """The unit stationed (进驻) at this window."""
    late_hours: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": "[]"}
    )
    """When a late-closing window serves though the hall is not open, as `Hall.opening_hours`."""
    retired_at: datetime | None = Field(default=None, sa_type=Moment)


class WindowItem(Table, table=True):
    """A window serves an item that its hall offers; `rank` 1 is its first choice."""

    __tablename__: ClassVar[str] = "window_item"
    __table_args__ = (
        ForeignKeyConstraint(["window_id", "hall_code"], ["window.id", "window.hall_code"]),
        ForeignKeyConstraint(
            ["hall_code", "item_code"], ["hall_item.hall_code", "hall_item.item_code"]
        ),
        CheckConstraint("rank >= 1", name="rank_from_one"),
    )

    window_id: UUID = Field(primary_key=True)
    item_code: str = Field(primary_key=True, max_length=64)
    hall_code: str = Field(index=True, max_length=32)
    rank: int = 1


class Device(Table, table=True):
    """A kiosk, display, caller or evaluator; it signs in at the gateway as `account`."""

    __tablename__: ClassVar[str] = "device"
    __table_args__ = (UniqueConstraint("hall_code", "name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    kind: DeviceKind = Field(sa_type=enum_type(DeviceKind, 16))
    name: str = Field(max_length=100)
    account: str | None = Field(default=None, unique=True, max_length=128)
    window_id: UUID | None = Field(default=None, foreign_key="window.id")
    zone_id: UUID | None = Field(default=None, foreign_key="zone.id")
    location: str = Field(default="", max_length=200, sa_column_kwargs={"server_default": ""})
    offers: list[str] = Field(
        default_factory=list, sa_type=ARRAY(String(16)), sa_column_kwargs={"server_default": "{}"}
    )
    in_use_since: datetime | None = Field(default=None, sa_type=Moment)
    """When it was put into use, the last time; None where the release before did it."""
    retired_at: datetime | None = Field(default=None, sa_type=Moment)


class HallLoad(Table, table=True):
    """How busy a hall is now; the queue writes it through `directory.service.note_load`."""

    __tablename__: ClassVar[str] = "hall_load"
    __table_args__ = (CheckConstraint("waiting >= 0", name="waiting_not_negative"),)

    hall_code: str = Field(foreign_key="hall.code", primary_key=True, max_length=32)
    waiting: int = 0
    windows_open: int = 0
    p50_minutes: int | None = None
    p85_minutes: int | None = None
    measured_at: datetime = Field(sa_type=Moment)
