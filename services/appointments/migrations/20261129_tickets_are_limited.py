"""tickets are limited, and calls out of turn have a reason

Revision ID: tickets_limited
Revises: one_person
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "tickets_limited"
down_revision: str | Sequence[str] | None = "one_person"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """A hall's last ticket and its tickets a day, for single items too; why somebody was called."""
    op.add_column("booking_policy", sa.Column("last_ticket_minutes", sa.Integer(), nullable=True))
    op.add_column("booking_policy", sa.Column("tickets_per_day", sa.Integer(), nullable=True))
    op.add_column(
        "booking_policy",
        sa.Column("items", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_index(
        "ix_ticket_owner",
        "ticket",
        ["owner", "id"],
        unique=False,
        postgresql_where=sa.text("owner IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_appointment",
        "ticket",
        ["appointment_id"],
        unique=False,
        postgresql_where=sa.text("appointment_id IS NOT NULL"),
    )
    op.add_column("call", sa.Column("reason", sa.String(length=200), nullable=True))
    op.create_table(
        "staff_name",
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_staff_name"),
    )


def downgrade() -> None:
    op.drop_table("staff_name")
    op.drop_column("call", "reason")
    op.drop_index("ix_ticket_appointment", table_name="ticket")
    op.drop_index("ix_ticket_owner", table_name="ticket")
    op.drop_column("booking_policy", "items")
    op.drop_column("booking_policy", "tickets_per_day")
    op.drop_column("booking_policy", "last_ticket_minutes")
