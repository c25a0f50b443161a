"""What is known of the files of pages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.reading.files import AttachmentKind, FileFault
from services.projects.tables import Table
from shared.database.tables import Moment, enum_type
from shared.ids import new_id


class Attachment(Table, table=True):
    """A file of a page, as it was when the page was read last.

    `fault` says why it, or a part of it, is for a person to read. Its bytes and its text lie in the
    store of evidence; places of labels are of that text.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("page_id", "url"),
        CheckConstraint("letters >= 0", name="letters_not_negative"),
        CheckConstraint("text_sha256 IS NOT NULL OR fault IS NOT NULL", name="read_or_not"),
        Index("ix_attachment_for_persons", "id", postgresql_where=text("fault IS NOT NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    portal_id: str = Field(foreign_key="portal.id", max_length=40, index=True)
    page_id: UUID = Field(foreign_key="portal_page.id")
    url: str = Field(max_length=800)
    name: str = Field(max_length=300)
    kind: AttachmentKind = Field(sa_type=enum_type(AttachmentKind, length=8))
    fault: FileFault | None = Field(default=None, sa_type=enum_type(FileFault, length=16))
    not_asked: FileFault | None = Field(default=None, sa_type=enum_type(FileFault, length=16))
    """Why it was not asked for, where `fault` says that by a value of before (decision 048)."""
    evidence_id: UUID | None = Field(default=None, foreign_key="capture.id")
    text_sha256: str | None = Field(default=None, max_length=64)
    letters: int = 0
    labels: dict[str, int] = Field(default_factory=dict, sa_type=JSONB)
    """Labels that the file fills in, with their place in its text."""
    read_at: datetime = Field(sa_type=Moment)

    @property
    def file_fault(self) -> FileFault | None:
        """Why it is for a person to read; of what a release of before has read since, `fault`."""
        is_known_as = self.not_asked is not None and self.fault is self.not_asked.as_before
        return self.not_asked if is_known_as else self.fault
