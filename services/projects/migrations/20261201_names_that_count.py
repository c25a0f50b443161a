"""Names that an officer gives wait for a second person; what was proven by single walks, and what
was disputed without a case, is open again.

Revision ID: names_that_count
Revises: disputes
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "names_that_count"
down_revision: str | None = "disputes"
branch_labels: str | None = None
depends_on: str | None = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("project", sa.Column("confirmed_names", JSONB(), nullable=True))
    op.add_column("project", sa.Column("names_since", _MOMENT, nullable=True))
    op.add_column("standing", sa.Column("match_wanted_at", _MOMENT, nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("standing", "match_wanted_at")
    op.drop_column("project", "names_since")
    op.drop_column("project", "confirmed_names")
