"""one person

Revision ID: one_person
Revises: states_checked
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "one_person"
down_revision: str | Sequence[str] | None = "states_checked"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """A person is in one place at a time, and has no more appointments than the policy allows."""
    op.create_table(
        "booking_turn",
        sa.Column("key", sa.String(140), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_booking_turn")),
    )
    op.add_column(
        "booking_policy",
        sa.Column("caps", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )


def downgrade() -> None:
    """The caps are forgotten."""
    op.drop_column("booking_policy", "caps")
    op.drop_table("booking_turn")
