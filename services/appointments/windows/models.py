"""What the people who work at the windows are called."""

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment


class StaffName(Table, table=True):
    """The name by which colleagues know an account: the last that was shown at a window."""

    __tablename__: ClassVar[str] = "staff_name"

    account: str = Field(primary_key=True, max_length=128)
    name: str = Field(max_length=128)
    noted_at: datetime = Field(sa_type=Moment)
