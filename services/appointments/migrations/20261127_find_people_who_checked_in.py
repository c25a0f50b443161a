"""find people who checked in

Revision ID: checked_in
Revises: ticket_events
Create Date: 2026-11-27

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "checked_in"
down_revision: str | Sequence[str] | None = "ticket_events"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The job that ends a hall's day looks for people who checked in and were never seen."""
    op.create_index(
        "ix_appointment_checked_in",
        "appointment",
        ["hall_code", "changed_at"],
        unique=False,
        postgresql_where=sa.text("state = 'checked_in'"),
    )


def downgrade() -> None:
    """Without the index the job reads the whole table."""
    op.drop_index(
        "ix_appointment_checked_in",
        table_name="appointment",
        postgresql_where=sa.text("state = 'checked_in'"),
    )
