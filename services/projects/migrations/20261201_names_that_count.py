"""Names that an officer gives wait for a second person; names of units and pages are matched again.

Revision ID: names_that_count
Revises: what_pages_publish
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "names_that_count"
down_revision: str | None = "what_pages_publish"
branch_labels: str | None = None
depends_on: str | None = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("project", sa.Column("confirmed_names", JSONB(), nullable=True))
    op.add_column("project", sa.Column("names_since", _MOMENT, nullable=True))
    op.add_column("standing", sa.Column("match_wanted_at", _MOMENT, nullable=True))
    op.add_column(
        "responsible_unit",
        sa.Column("match_wanted", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_responsible_unit_match_wanted",
        "responsible_unit",
        ["code"],
        postgresql_where=sa.text("match_wanted"),
    )
    op.add_column(
        "portal", sa.Column("moves", JSONB(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("page_match", sa.Column("unreadable_since", _MOMENT, nullable=True))
    op.create_index(
        "ix_page_match_unreadable",
        "page_match",
        ["id"],
        postgresql_where=sa.text("unreadable_since IS NOT NULL"),
    )
    # A catalogue that was in force before may be taken up again, as a version of its own.
    op.drop_constraint(op.f("uq_catalogue_version_source_sha256"), "catalogue_version")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_unique_constraint(
        op.f("uq_catalogue_version_source_sha256"), "catalogue_version", ["source_sha256"]
    )
    op.drop_index("ix_page_match_unreadable", table_name="page_match")
    op.drop_column("page_match", "unreadable_since")
    op.drop_column("portal", "moves")
    op.drop_index("ix_responsible_unit_match_wanted", table_name="responsible_unit")
    op.drop_column("responsible_unit", "match_wanted")
    op.drop_column("standing", "match_wanted_at")
    op.drop_column("project", "names_since")
    op.drop_column("project", "confirmed_names")
