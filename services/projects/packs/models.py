"""Which unit owes which items of a pack, and from when to when."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment


class PackUse(Table, table=True):
    """A pack is switched on for a unit: of the items that come anew for each period it owes those
    whose period ends within these days.
    """

    __tablename__ = "pack_use"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="valid_in_order"),
    )

    pack_code: str = Field(primary_key=True, max_length=32)
    unit_code: str = Field(
        primary_key=True, foreign_key="responsible_unit.code", index=True, max_length=32
    )
    item_codes: list[str] = Field(sa_type=JSONB)
    valid_from: date
    valid_to: date | None = None
    version: int = 1
    changed_at: datetime = Field(sa_type=Moment)
    changed_by: str = Field(max_length=100)
