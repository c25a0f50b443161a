"""what led to a captured page is kept, and by what the store of the evidence is known

Revision ID: evidence_moves
Revises: takeovers
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "evidence_moves"
down_revision: str | Sequence[str] | None = "takeovers"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("capture", sa.Column("redirects", postgresql.JSONB(), nullable=True))
    op.create_table(
        "evidence_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Uuid(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_evidence_mark_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_mark")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("evidence_mark")
    op.drop_column("capture", "redirects")
