"""Which unit became part of which other one; only ever appended to."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment


class UnitMerger(Table, table=True):
    """A unit became part of another one on a day, by a document."""

    __tablename__ = "unit_merger"
    __table_args__ = (CheckConstraint("unit_code <> successor_code", name="into_another"),)

    unit_code: str = Field(primary_key=True, foreign_key="responsible_unit.code", max_length=32)
    successor_code: str = Field(foreign_key="responsible_unit.code", index=True, max_length=32)
    merged_on: date
    document: str = Field(max_length=200)
    taken_over: int
    recorded_at: datetime = Field(sa_type=Moment)
    recorded_by: str = Field(max_length=100)
