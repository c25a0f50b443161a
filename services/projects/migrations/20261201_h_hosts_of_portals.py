"""one walk at a time on a host, because a province's portals stand on a few platforms

Revision ID: hosts_of_portals
Revises: match_refusals
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "hosts_of_portals"
down_revision: str | Sequence[str] | None = "match_refusals"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

HOST = (
    "coalesce(regexp_replace(lower(substring(start_url, '^[a-zA-Z]+://([^/?#]+)')),"
    " '[.]?(:(80|443))?$', ''), '')"
)


def upgrade() -> None:
    """The column is the database's own, so that the release before need not know of it."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    host = sa.Column("host", sa.String(800), sa.Computed(HOST, persisted=True), nullable=False)
    op.add_column("portal", host)
    op.create_index("ix_portal_host", "portal", ["host"])
    op.create_table(
        "portal_host",
        sa.Column("host", sa.String(800), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column(
            "free_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["collector_run.id"],
            name=op.f("fk_portal_host_run_id_collector_run"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_portal_host")),
    )
    op.create_index(
        "ix_portal_host_run_id",
        "portal_host",
        ["run_id"],
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )
    op.execute("INSERT INTO portal_host (host) SELECT DISTINCT host FROM portal")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("portal_host")
    op.drop_index("ix_portal_host", table_name="portal")
    op.drop_column("portal", "host")
