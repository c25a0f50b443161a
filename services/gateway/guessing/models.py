"""What guards the door against guessing."""

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from services.gateway.tables import Table
from shared.database.digest_columns import lapsing
from shared.database.tables import Moment


class SignInAttempt(Table, table=True):
    """Attempts in a row that did not end well, by a keyed digest of the name that was typed."""

    __tablename__: ClassVar[str] = "sign_in_attempt"

    key: str = Field(primary_key=True, max_length=64, sa_column_kwargs=lapsing())
    attempts: int
    last_at: datetime = Field(sa_type=Moment, index=True)


class SignInRate(Table, table=True):
    """The theoretical arrival time (GCRA) of a network's sign-ins, by a keyed digest."""

    __tablename__: ClassVar[str] = "sign_in_rate"

    key: str = Field(primary_key=True, max_length=64, sa_column_kwargs=lapsing())
    arrival: datetime = Field(sa_type=Moment, index=True)
