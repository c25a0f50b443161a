"""an identity whose number another account has as well is known as such

Revision ID: identity_conflict
Revises: hands_in_accounts
Create Date: 2026-12-06

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "identity_conflict"
down_revision: str | Sequence[str] | None = "hands_in_accounts"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """A job finds them, for it takes the keys to read a number."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("account_identity", sa.Column("conflict_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("account_identity", "conflict_at")
