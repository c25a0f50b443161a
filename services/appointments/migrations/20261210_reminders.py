"""how far reminders have come, and whose turn was said to be near

Revision ID: reminders
Revises: visits_of_several
Create Date: 2026-12-10

"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "reminders"
down_revision: str | Sequence[str] | None = "visits_of_several"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "reminder_mark",
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_reminder_mark")),
    )
    op.create_table(
        "ticket_notice",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_notice")),
    )
    op.create_index(op.f("ix_ticket_notice_at"), "ticket_notice", ["at"])


def downgrade() -> None:
    op.drop_table("ticket_notice")
    op.drop_table("reminder_mark")
