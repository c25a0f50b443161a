"""which orders to put a finding right have ended, for the notice that one was escalated may come
after that of its end

Revision ID: ended_rectifications
Revises: followups_are_put_right
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "ended_rectifications"
down_revision: str | Sequence[str] | None = "followups_are_put_right"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "ended_rectification",
        sa.Column("rectification_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rectification_id", name=op.f("pk_ended_rectification")),
    )


def downgrade() -> None:
    op.drop_table("ended_rectification")
