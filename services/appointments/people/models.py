"""Whose account it is, by keyed digests: no name and no number is known here."""

from typing import ClassVar

from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.digest_columns import digest


class VerifiedAccount(Table, table=True):
    """What the gateway checked for an account; `version` is the newest check that is known."""

    __tablename__: ClassVar[str] = "verified_account"

    citizen_key: str = Field(primary_key=True, max_length=140)
    document: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.document", place=7)
    )
    phone: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.phone", place=7)
    )
    version: int
