"""Areas and agencies, and since when each of them, and each hall, stands under which area."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.appointments.directory.models import HallLevel
from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type


class PlacedKind(StrEnum):
    """What stands under an area."""

    AREA = "area"
    AGENCY = "agency"
    HALL = "hall"


class Area(Table, table=True):
    """A division (行政区划): province, city, county or town. It stands under a higher level only,
    so that nothing ever stands under itself."""

    __tablename__: ClassVar[str] = "area"
    presence: ClassVar[str] = "present"
    """What a refusal names as its state: it has no others. The same of an agency."""
    __table_args__ = (CheckConstraint("code ~ '^[A-Z0-9-]{2,32}$'", name="code_is_a_token"),)

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=200)
    name_en: str | None = Field(default=None, max_length=200)
    level: HallLevel = Field(sa_type=enum_type(HallLevel, 16))
    version: int = 1
    updated_at: datetime = Field(sa_type=Moment)


class Agency(Table, table=True):
    """An agency (部门) under the code that items and windows name it by (`department_code`)."""

    __tablename__: ClassVar[str] = "agency"
    presence: ClassVar[str] = "present"
    __table_args__ = (CheckConstraint("code ~ '^[A-Z0-9-]{2,32}$'", name="code_is_a_token"),)

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=200)
    name_en: str | None = Field(default=None, max_length=200)
    version: int = 1
    updated_at: datetime = Field(sa_type=Moment)


class AreaPlacement(Table, table=True):
    """From `valid_from` on it stands under that area (None: under none), until its next row begins.

    So its days cannot overlap, and each day has one answer.
    """

    __tablename__: ClassVar[str] = "area_placement"
    __table_args__ = (Index("ix_area_placement_parent_code", "parent_code"),)

    kind: PlacedKind = Field(primary_key=True, sa_type=enum_type(PlacedKind, 8))
    code: str = Field(primary_key=True, max_length=32)
    valid_from: date = Field(primary_key=True)
    parent_code: str | None = Field(default=None, foreign_key="area.code", max_length=32)
    version: int = 1
    placed_by: str = Field(max_length=128)
    placed_at: datetime = Field(sa_type=Moment)
