"""What a person has ready for a matter, and what an officer says to it before the visit."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Integer, String
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class PreCheckState(StrEnum):
    """submitted -> complete | missing | elsewhere; missing -> submitted again."""

    SUBMITTED = "submitted"
    COMPLETE = "complete"
    MISSING = "missing"
    ELSEWHERE = "elsewhere"
    WITHDRAWN = "withdrawn"


class FileKind(StrEnum):
    """What a file is, by its first bytes; also how its name ends."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"


class PreCheck(Table, table=True):
    """Of one person, for one item at a hall, against one version of the guide."""

    __tablename__: ClassVar[str] = "pre_check"
    __table_args__ = (
        known_states("state", PreCheckState),
        CheckConstraint(
            "(state IN ('complete', 'missing', 'elsewhere')) = (answered_at IS NOT NULL)"
            " OR state = 'withdrawn'",
            name="answered_has_its_time",
        ),
        # All that is missing is said at once, so there is one place where it is said.
        Index(
            "uq_pre_check_open",
            "owner",
            "hall_code",
            "item_code",
            unique=True,
            postgresql_where=text("state IN ('submitted', 'missing')"),
        ),
        Index("ix_pre_check_owner", "owner", "id"),
        Index("ix_pre_check_hall", "hall_code", "state", "id"),
        Index(
            "ix_pre_check_words",
            "submitted_at",
            postgresql_where=text("note_sealed IS NOT NULL OR answer_sealed IS NOT NULL"),
        ),
        Index(
            "ix_pre_check_appointment",
            "appointment_id",
            postgresql_where=text("appointment_id IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    item_code: str = Field(foreign_key="item.code", max_length=64)
    guide_version: int
    appointment_id: UUID | None = Field(default=None, foreign_key="appointment.id")
    owner: str = Field(max_length=128)
    """The account of the person; shown to nobody."""
    ready: list[int] = Field(sa_type=ARRAY(Integer))
    """The numbers of the guide's materials that the person has, from 1."""
    note_sealed: str | None = None
    state: PreCheckState = Field(
        default=PreCheckState.SUBMITTED, sa_type=enum_type(PreCheckState, 16)
    )
    version: int = 1
    missing: list[str] = Field(default_factory=list, sa_type=ARRAY(String(200)))
    refer_to: str | None = Field(default=None, max_length=300)
    answer_sealed: str | None = None
    submitted_at: datetime = Field(sa_type=Moment)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    answered_by: str | None = Field(default=None, max_length=128)


class PreCheckFile(Table, table=True):
    """A picture or scan of a material, sealed; it is forgotten after 90 days, or when it is
    withdrawn."""

    __tablename__: ClassVar[str] = "pre_check_file"
    # Two that are added at once are numbered one after the other, so that none is one too many.
    __table_args__ = (
        UniqueConstraint("pre_check_id", "number"),
        Index("ix_pre_check_file_added", "added_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    pre_check_id: UUID = Field(foreign_key="pre_check.id")
    number: int
    material: int
    kind: FileKind = Field(sa_type=enum_type(FileKind, 8))
    size_bytes: int
    content_sealed: str
    added_at: datetime = Field(sa_type=Moment)
