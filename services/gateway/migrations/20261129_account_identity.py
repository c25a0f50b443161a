"""account identity

Revision ID: account_identity
Revises: states_known
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "account_identity"
down_revision: str | Sequence[str] | None = "states_known"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Whom an account belongs to, in encrypted columns."""
    op.create_table(
        "account_identity",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.String(), nullable=False),
        sa.Column("phone_sealed", sa.String(), nullable=True),
        sa.Column("id_number_sealed", sa.String(), nullable=True),
        sa.Column("verified_by", sa.String(128), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_account_identity_account_id_account"),
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_identity")),
    )


def downgrade() -> None:
    """Accounts are nobody's again."""
    op.drop_table("account_identity")
