"""What a proof of absence must be younger than: a duty's names, a portal's place and cues.

Revision ID: proofs_of_absence
Revises: states_checked
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "proofs_of_absence"
down_revision: str | None = "states_checked"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for column in (
        sa.Column("aliases", JSONB(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("match_wanted", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("project", column)
    op.create_index("ix_project_aliases", "project", ["aliases"], postgresql_using="gin")
    for column in (
        sa.Column("matchable_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("match_wanted", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("standing", column)
    op.add_column(
        "portal",
        sa.Column("match_wanted", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("collector_run", sa.Column("declared_pages", sa.Integer(), nullable=True))
    for table, key in (("project", "code"), ("standing", "duty_id"), ("portal", "id")):
        op.create_index(
            f"ix_{table}_match_wanted",
            table,
            [key],
            postgresql_where=sa.text("match_wanted"),
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("collector_run", "declared_pages")
    for table in ("portal", "standing", "project"):
        op.drop_index(f"ix_{table}_match_wanted", table_name=table)
        op.drop_column(table, "match_wanted")
    op.drop_column("standing", "matchable_since")
    op.drop_index("ix_project_aliases", table_name="project")
    op.drop_column("project", "aliases")
