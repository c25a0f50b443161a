"""a bad answer of a follow-up is put right as a bad rating is

Revision ID: followups_are_put_right
Revises: merges_are_counted
Create Date: 2026-12-10

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "followups_are_put_right"
down_revision: str | Sequence[str] | None = "merges_are_counted"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("service_event", "rating")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table in _TABLES:
        op.add_column(table, sa.Column("followup_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_column(table, "followup_id")
