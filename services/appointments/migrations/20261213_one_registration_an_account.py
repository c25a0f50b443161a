"""one registration an account and outreach event

Revision ID: one_registration_an_account
Revises: who_waits
Create Date: 2026-12-13

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "one_registration_an_account"
down_revision: str | Sequence[str] | None = "who_waits"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The table comes with this release: nobody has registered yet."""
    op.create_index(
        "uq_outreach_registration_own",
        "outreach_registration",
        ["event_id", "owner"],
        unique=True,
        postgresql_where=sa.text("owner IS NOT NULL AND state <> 'cancelled'"),
    )


def downgrade() -> None:
    op.drop_index("uq_outreach_registration_own", table_name="outreach_registration")
