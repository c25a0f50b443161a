from sqlmodel import Field

from services.feedback.tables import Table


class Department(Table, table=True):
    """A department that letters can be dispatched to; an inactive one takes no new letters."""

    __tablename__ = "department"

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=100)
    english_name: str = Field(max_length=200)
    is_active: bool = True


class StaffName(Table, table=True):
    """A name that an answer may show, because it is that of staff in their office."""

    __tablename__ = "staff_name"

    department_code: str = Field(primary_key=True, foreign_key="department.code")
    name: str = Field(primary_key=True, max_length=50)
