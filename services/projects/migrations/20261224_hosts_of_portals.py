"""one walk at a time on a host, because a province's portals stand on a few platforms

Revision ID: hosts_of_portals
Revises: open_data
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "hosts_of_portals"
down_revision: str | Sequence[str] | None = "open_data"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

HOST = (
    "coalesce(regexp_replace(lower(substring(start_url, '^[a-zA-Z]+://([^/?#]+)')),"
    " '[.]?(:(80|443))?$', ''), '')"
)
KEEP_HOST = """
  CREATE FUNCTION keep_portal_host() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO portal_host (host) VALUES (NEW.host) ON CONFLICT DO NOTHING;
    RETURN NULL;
  END $$"""


def upgrade() -> None:
    """Column and rows are the database's own, so that the release before need not know of them."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    host = sa.Column("host", sa.String(800), sa.Computed(HOST, persisted=True), nullable=False)
    op.add_column("portal", host)
    op.create_index(
        "ix_portal_host", "portal", ["host", "next_run_at"], postgresql_where=sa.text("enabled")
    )
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
    op.create_index(
        "ix_collector_run_waiting",
        "collector_run",
        ["requested_at", "id"],
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.execute(KEEP_HOST)
    op.execute(
        "CREATE TRIGGER keep_portal_host AFTER INSERT OR UPDATE OF start_url ON portal"
        " FOR EACH ROW EXECUTE FUNCTION keep_portal_host()"
    )
    op.execute("INSERT INTO portal_host (host) SELECT DISTINCT host FROM portal")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("DROP TRIGGER keep_portal_host ON portal")
    op.execute("DROP FUNCTION keep_portal_host()")
    op.drop_index("ix_collector_run_waiting", table_name="collector_run")
    op.drop_table("portal_host")
    op.drop_index("ix_portal_host", table_name="portal")
    op.drop_column("portal", "host")
