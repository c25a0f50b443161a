"""letters count what is merged into them, so that who ends one has seen all that wait for it

Revision ID: merges_are_counted
Revises: orders_are_decided
Create Date: 2026-12-09

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "merges_are_counted"
down_revision: str | Sequence[str] | None = "orders_are_decided"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("letter", sa.Column("joined", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("letter", "joined")
