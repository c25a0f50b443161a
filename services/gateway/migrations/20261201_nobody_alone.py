"""nobody alone: who had a hand in an account, and identities that wait

Revision ID: nobody_alone
Revises: password_links
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "nobody_alone"
down_revision: str | Sequence[str] | None = "password_links"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Everybody who acted is kept, beside who acted last.

    Whoever signs in waits for this one, so it reads no rows; `hands_in_accounts` does.
    """
    op.execute("SET LOCAL lock_timeout = '5s'")
    names = postgresql.ARRAY(sa.Text())
    op.add_column("account", sa.Column("acted_by", names, server_default="{}", nullable=False))
    op.add_column("account", sa.Column("password_set_at", sa.DateTime(timezone=True)))
    op.add_column("account_identity", sa.Column("id_number_index", sa.String(64)))
    op.add_column("account_identity", sa.Column("approved_by", sa.String(128)))
    op.create_table(
        "identity_proposal",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.String(), nullable=False),
        sa.Column("phone_sealed", sa.String(), nullable=True),
        sa.Column("id_number_sealed", sa.String(), nullable=True),
        sa.Column("id_number_index", sa.String(64), nullable=True),
        sa.Column("verified_by", sa.String(128), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_identity_proposal_account_id_account"),
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_identity_proposal")),
    )


def downgrade() -> None:
    """Who acted last is known still."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("identity_proposal")
    op.drop_column("account_identity", "approved_by")
    op.drop_column("account_identity", "id_number_index")
    op.drop_column("account", "password_set_at")
    op.drop_column("account", "acted_by")
