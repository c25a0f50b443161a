"""which parts of a list are still to be read, and how many entries it says it has

Revision ID: parts_of_lists
Revises: publishing
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "parts_of_lists"
down_revision: str | Sequence[str] | None = "publishing"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "collector_run",
        sa.Column(
            "parts_left",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column("collector_run", sa.Column("declared_items", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("collector_run", "declared_items")
    op.drop_column("collector_run", "parts_left")
