"""When a hall was advised last, so that its manager is not told the same every minute."""

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment


class OpeningAdvice(Table, table=True):
    """One row a hall."""

    __tablename__: ClassVar[str] = "opening_advice"

    hall_code: str = Field(primary_key=True, max_length=32)
    advised_at: datetime = Field(sa_type=Moment)
