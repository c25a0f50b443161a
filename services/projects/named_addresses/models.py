"""What a unit named as the address of something, and the page that it is read as."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment
from shared.ids import new_id


class NamedAddress(Table, table=True):
    """An address that a unit named; `page_id` None: the collector has not been asked for it yet."""

    __tablename__ = "named_address"
    __table_args__ = (
        Index("ix_named_address_new", "id", postgresql_where=text("page_id IS NULL")),
        Index("ix_named_address_page_id", "page_id"),
        Index("ix_named_address_named_at", "named_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_code: str = Field(foreign_key="responsible_unit.code", max_length=32)
    url: str = Field(max_length=800)
    named_at: datetime = Field(sa_type=Moment)
    page_id: UUID | None = Field(default=None, foreign_key="portal_page.id")
