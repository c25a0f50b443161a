"""how often a run was taken over without going on: one that stops whoever walks it ends, and frees
its host

Revision ID: takeovers
Revises: signed_pushes
Create Date: 2026-12-02

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "takeovers"
down_revision: str | Sequence[str] | None = "signed_pushes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    takeovers = sa.Column("takeovers", sa.Integer(), server_default=sa.text("0"), nullable=False)
    op.add_column("collector_run", takeovers)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("collector_run", "takeovers")
