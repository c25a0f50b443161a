"""Each row of a page that publishes many is a page below it.

Revision ID: rows_of_pages
Revises: names_that_count
"""

import sqlalchemy as sa
from alembic import op

revision: str = "rows_of_pages"
down_revision: str | None = "names_that_count"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("portal_page", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_portal_page_parent_id_portal_page"),
        "portal_page",
        "portal_page",
        ["parent_id"],
        ["id"],
    )
    op.create_index("ix_portal_page_parent_id", "portal_page", ["parent_id"])


def downgrade() -> None:
    op.execute(
        "DELETE FROM page_match WHERE page_id IN"
        " (SELECT id FROM portal_page WHERE parent_id IS NOT NULL)"
    )
    op.execute("DELETE FROM portal_page WHERE parent_id IS NOT NULL")
    op.drop_column("portal_page", "parent_id")
