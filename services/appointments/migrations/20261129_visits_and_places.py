"""visits and places

Revision ID: visits_and_places
Revises: closures_change
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "visits_and_places"
down_revision: str | Sequence[str] | None = "closures_change"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Who lost their time is found over all days, and what became of them stands in it."""
    op.add_column("appointment", sa.Column("resolved", sa.String(16), nullable=True))
    op.add_column("appointment", sa.Column("reason_sealed", sa.String(), nullable=True))
    op.create_index(
        "ix_appointment_orphaned",
        "appointment",
        ["hall_code", "starts_at"],
        postgresql_where=sa.text("state = 'orphaned'"),
    )


def downgrade() -> None:
    """What became of them is forgotten."""
    op.drop_index("ix_appointment_orphaned", table_name="appointment")
    op.drop_column("appointment", "reason_sealed")
    op.drop_column("appointment", "resolved")
