"""The identity that was checked for an account, in encrypted columns."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.gateway.tables import Table
from shared.database.digest_columns import digest
from shared.database.sealed_columns import sealed_to
from shared.database.tables import Moment


class AccountIdentity(Table, table=True):
    """Whose account it is, as somebody checked it and another person approved.

    `id_number_index` is the digest that other services compare: one number, one account.
    """

    __tablename__ = "account_identity"

    account_id: UUID = Field(primary_key=True, foreign_key="account.id")
    name_sealed: str
    phone_sealed: str | None = None
    id_number_sealed: str | None = None
    verified_by: str = Field(max_length=128)
    verified_at: datetime = Field(sa_type=Moment)
    version: int = 1
    id_number_index: str | None = Field(
        default=None, max_length=64, unique=True, sa_column_kwargs=digest()
    )
    approved_by: str | None = Field(default=None, max_length=128)
    conflict_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the number was found to be another account's as well; it has no digest then."""


class IdentityProposal(Table, table=True):
    """An identity that counts once a second person approves. Sealed as the other table's rows."""

    __tablename__ = "identity_proposal"

    account_id: UUID = Field(primary_key=True, foreign_key="account.id")
    name_sealed: str = Field(sa_column_kwargs=sealed_to("account_identity.name"))
    phone_sealed: str | None = Field(
        default=None, sa_column_kwargs=sealed_to("account_identity.phone")
    )
    id_number_sealed: str | None = Field(
        default=None, sa_column_kwargs=sealed_to("account_identity.id_number")
    )
    id_number_index: str | None = Field(default=None, max_length=64, sa_column_kwargs=digest())
    verified_by: str = Field(max_length=128)
    verified_at: datetime = Field(sa_type=Moment)
    version: int = 1
