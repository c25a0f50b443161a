from sqlalchemy import CheckConstraint, Column, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.feedback.tables import Table


class Department(Table, table=True):
    """A department that letters can be dispatched to; an inactive one takes no new letters.

    `numbers` are its own telephone numbers as it prints them: everybody's to know, so that no text
    has to hide them.
    """

    __tablename__ = "department"
    __table_args__ = (CheckConstraint("version > 0", name="version_counts_from_one"),)

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=100)
    english_name: str = Field(max_length=200)
    is_active: bool = True
    numbers: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String), nullable=False, server_default="{}")
    )
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})

    @property
    def name_en(self) -> str:
        """What every other table calls it."""
        return self.english_name


class StaffName(Table, table=True):
    """A name that an answer may show, because it is that of staff in their office."""

    __tablename__ = "staff_name"

    department_code: str = Field(primary_key=True, foreign_key="department.code")
    name: str = Field(primary_key=True, max_length=50)
