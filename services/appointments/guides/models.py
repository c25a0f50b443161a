"""Service items (事项), their versioned guides (办事指南), and which hall offers what.

The elements follow C0109 and GB/T 39046-2020 tables 4-8; code widths are generous because the
systems in use go beyond the standard (task codes of 31 characters).
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import String
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type
from shared.ids import new_id


class CaseKind(StrEnum):
    """办件类型, GB/T 39046: 1 即办件 (done on the spot), 2 承诺件 (within a promised time)."""

    INSTANT = "instant"
    PROMISED = "promised"


class LimitUnit(StrEnum):
    """The unit of a time limit. `workdays` are official working days."""

    WORKDAYS = "workdays"
    DAYS = "days"
    HOURS = "hours"


class OnlineDepth(StrEnum):
    """网办深度: from information only (i) to handled online from end to end (iv)."""

    NONE = "none"
    INFORMATION = "i"
    APPLICATION = "ii"
    ACCEPTANCE = "iii"
    END_TO_END = "iv"


class Item(Table, table=True):
    """A service item. `valid_to` keeps history: an item of 2018 stays, though offered no more."""

    __tablename__: ClassVar[str] = "item"
    presence: ClassVar[str] = "present"
    guide_presence: ClassVar[str] = "published"
    """What a refusal names as the state of an item, or of its guide: they have no others."""
    __table_args__ = (
        CheckConstraint("standard_minutes BETWEEN 1 AND 480", name="minutes_are_sane"),
        CheckConstraint("visits_needed >= 0", name="visits_not_negative"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity_in_order"),
        # 现场次数 is not 0: the reason must be stated (C0109).
        CheckConstraint("visits_needed = 0 OR visits_reason <> ''", name="visits_have_a_reason"),
    )

    code: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=200)
    name_en: str | None = Field(default=None, max_length=200)
    group_name: str = Field(max_length=100)
    department_code: str = Field(index=True, max_length=32)
    catalog_code: str | None = Field(default=None, max_length=32)
    task_code: str | None = Field(default=None, max_length=64)
    item_type: str = Field(default="20", max_length=2)
    subject_kinds: list[str] = Field(default_factory=list, sa_type=ARRAY(String(16)))
    standard_minutes: int
    case_kind: CaseKind = Field(default=CaseKind.INSTANT, sa_type=enum_type(CaseKind, 16))
    legal_limit: int | None = None
    legal_limit_unit: LimitUnit | None = Field(default=None, sa_type=enum_type(LimitUnit, 16))
    promised_limit: int | None = None
    promised_limit_unit: LimitUnit | None = Field(default=None, sa_type=enum_type(LimitUnit, 16))
    visits_needed: int = 1
    visits_reason: str = Field(default="", max_length=500)
    online_depth: OnlineDepth = Field(default=OnlineDepth.NONE, sa_type=enum_type(OnlineDepth, 8))
    by_appointment: bool = True
    self_service: bool = False
    by_post: bool = False
    elements: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    """What else the national lists ask for (`schemas.ItemElements`); nothing here decides."""
    guide_version: int = 0
    """The version of the guide in force; 0 while none is published."""
    valid_from: date
    valid_to: date | None = None
    version: int = 1
    updated_at: datetime = Field(sa_type=Moment)


class Guide(Table, table=True):
    """One published version of an item's guide; never changed afterwards, a booking names it.

    In force is the highest version whose day has come: `Item.guide_version`.
    """

    __tablename__: ClassVar[str] = "guide"
    __table_args__ = (UniqueConstraint("item_code", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    item_code: str = Field(foreign_key="item.code", max_length=64)
    version: int
    content: dict[str, Any] = Field(sa_type=JSONB)
    valid_from: date | None = None
    """The day on which it comes into force; None where it was in force at once."""
    published_by: str = Field(max_length=128)
    published_at: datetime = Field(sa_type=Moment)


class HallItem(Table, table=True):
    """A hall offers an item. The key that windows and schedules of the hall refer to."""

    __tablename__: ClassVar[str] = "hall_item"

    hall_code: str = Field(foreign_key="hall.code", primary_key=True, max_length=32)
    item_code: str = Field(foreign_key="item.code", primary_key=True, index=True, max_length=64)
