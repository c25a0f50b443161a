"""an entry of the release register says what it is about where that is no project, and whether its
source has signed it

Revision ID: signed_pushes
Revises: by_two_persons
Create Date: 2026-12-27

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "signed_pushes"
down_revision: str | Sequence[str] | None = "by_two_persons"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Entries of before have neither: nobody signed them, and those that name no project, no duty
    and no number are about no duty any more."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("registered_release", sa.Column("subject", sa.String(200), nullable=True))
    op.add_column(
        "registered_release", sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("registered_release", "signed_at")
    op.drop_column("registered_release", "subject")
