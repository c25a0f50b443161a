"""closures change

Revision ID: closures_change
Revises: tickets_limited
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "closures_change"
down_revision: str | Sequence[str] | None = "tickets_limited"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """A closure can be changed and lifted, and may shut only a window, an item or a rule."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("closure", sa.Column("window_no", sa.Integer(), nullable=True))
    op.add_column("closure", sa.Column("item_code", sa.String(length=64), nullable=True))
    op.add_column("closure", sa.Column("rule_code", sa.String(length=32), nullable=True))
    op.add_column("closure", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("closure", sa.Column("lifted_by", sa.String(length=128), nullable=True))
    op.add_column("closure", sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """The closures of a part of a hall and the lifted ones would close all of it again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "DELETE FROM closure WHERE lifted_at IS NOT NULL OR window_no IS NOT NULL"
        " OR item_code IS NOT NULL OR rule_code IS NOT NULL"
    )
    for column in ("window_no", "item_code", "rule_code", "version", "lifted_by", "lifted_at"):
        op.drop_column("closure", column)
