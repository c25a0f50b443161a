"""What a page says of itself besides: its index number.

Revision ID: what_pages_publish
Revises: disputes
"""

import sqlalchemy as sa
from alembic import op

revision: str = "what_pages_publish"
down_revision: str | None = "disputes"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("portal_page", sa.Column("index_no", sa.String(60), nullable=True))


def downgrade() -> None:
    op.drop_column("portal_page", "index_no")
