"""when a walk came to count, so that what it shows in a report that was frozen before stays

Revision ID: walks_are_noted
Revises: prune_in_order
Create Date: 2026-12-08

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "walks_are_noted"
down_revision: str | Sequence[str] | None = "prune_in_order"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("full_walk", sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("full_walk", "noted_at")
