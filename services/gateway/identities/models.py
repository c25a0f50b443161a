"""The identity that was checked for an account, in encrypted columns."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.gateway.tables import Table
from shared.database.tables import Moment


class AccountIdentity(Table, table=True):
    """Whose account it is, as somebody checked it. Nobody is looked up by this table."""

    __tablename__ = "account_identity"

    account_id: UUID = Field(primary_key=True, foreign_key="account.id")
    name_sealed: str
    phone_sealed: str | None = None
    id_number_sealed: str | None = None
    verified_by: str = Field(max_length=128)
    verified_at: datetime = Field(sa_type=Moment)
    version: int = 1
