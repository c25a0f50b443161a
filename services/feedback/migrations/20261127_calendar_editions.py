"""clocks carry the edition of the calendar that they were computed by

Revision ID: calendar_editions
Revises: append_only_letters
Create Date: 2026-11-27 06:38:33
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision: str = "calendar_editions"
down_revision: str | Sequence[str] | None = "append_only_letters"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LIVE = sa.text("state IN ('running', 'paused', 'breached')")


def upgrade() -> None:
    """Notices learned before make a first edition, by which every clock is computed once more."""
    op.create_table(
        "calendar_edition",
        sa.Column("region", AutoString(length=16), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("notice", AutoString(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("edition > 0", name=op.f("ck_calendar_edition_edition_counts_notices")),
        sa.PrimaryKeyConstraint("region", name=op.f("pk_calendar_edition")),
    )
    op.execute(
        "INSERT INTO calendar_edition (region, edition, notice, learned_at)"
        " SELECT DISTINCT ON (region) region, 1, notice, now() FROM calendar_day"
        " ORDER BY region, version DESC"
    )
    op.add_column(
        "deadline", sa.Column("calendar_edition", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_index(
        "ix_deadline_calendar",
        "deadline",
        ["region", "calendar_edition"],
        postgresql_where=LIVE,
    )


def downgrade() -> None:
    op.drop_index("ix_deadline_calendar", table_name="deadline", postgresql_where=LIVE)
    op.drop_column("deadline", "calendar_edition")
    op.drop_table("calendar_edition")
