"""one-time links, and a second person's approval

Revision ID: password_links
Revises: account_identity
Create Date: 2026-11-30

"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "password_links"
down_revision: str | Sequence[str] | None = "account_identity"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STATES = (
    "ALTER TABLE account DROP CONSTRAINT ck_account_state_known, ADD CONSTRAINT"
    " ck_account_state_known CHECK (state IN ({}))"
)


def upgrade() -> None:
    """An account may wait for approval; links are kept as digests."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_STATES.format("'active', 'disabled', 'pending'"))
    op.add_column("account", sa.Column("changed_by", sqlmodel.sql.sqltypes.AutoString(length=64)))
    op.create_table(
        "password_link",
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("issued_by", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_password_link_account_id_account")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_password_link")),
    )
    op.create_index(op.f("ix_password_link_account_id"), "password_link", ["account_id"])


def downgrade() -> None:
    """Who waits for approval is disabled: without it nobody has agreed."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(op.f("ix_password_link_account_id"), table_name="password_link")
    op.drop_table("password_link")
    op.drop_column("account", "changed_by")
    op.execute("UPDATE account SET state = 'disabled' WHERE state = 'pending'")
    op.execute(_STATES.format("'active', 'disabled'"))
