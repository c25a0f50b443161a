"""What the people who work at the windows are called."""

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment


class StaffName(Table, table=True):
    """The last name of an account: read by the release before, and taken away with the next."""

    __tablename__: ClassVar[str] = "staff_name"

    account: str = Field(primary_key=True, max_length=128)
    name: str = Field(max_length=128)
    noted_at: datetime = Field(sa_type=Moment)


class ShiftName(Table, table=True):
    """Who opened a window with the account, by the name that was given then."""

    __tablename__: ClassVar[str] = "shift_name"

    account: str = Field(primary_key=True, max_length=128)
    since: datetime = Field(primary_key=True, sa_type=Moment)
    name: str = Field(max_length=128)
