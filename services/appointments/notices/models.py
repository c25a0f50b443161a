"""How far reminders have come, and which tickets were told that their turn is near."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment


class ReminderMark(Table, table=True):
    """Up to which start appointments were reminded of: so nobody is reminded twice or left out."""

    __tablename__: ClassVar[str] = "reminder_mark"

    kind: str = Field(primary_key=True, max_length=40)
    until: datetime = Field(sa_type=Moment)


class TicketNotice(Table, table=True):
    """A ticket whose holder was let know that few are before them: once."""

    __tablename__: ClassVar[str] = "ticket_notice"

    ticket_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
