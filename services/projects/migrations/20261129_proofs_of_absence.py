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
    for column in (
        sa.Column("declared_pages", sa.Integer(), nullable=True),
        sa.Column("list_marks", JSONB(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("reread", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("is_shifted", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("collector_run", column)
    for name in ("proven_at", "read_since"):
        op.add_column("portal", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE portal SET proven_at = walked_at")
    op.add_column("portal_page", sa.Column("listed_title", sa.String(500), nullable=True))
    for name in ("text_sha256", "content_sha256", "doc_no"):
        op.create_index(f"ix_portal_page_{name}", "portal_page", [name])
    op.create_table(
        "absence_policy",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("absence_gap_minutes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.CheckConstraint(
            "absence_gap_minutes >= 0", name=op.f("ck_absence_policy_gap_not_negative")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_absence_policy")),
    )
    for table, key in (("project", "code"), ("standing", "duty_id"), ("portal", "id")):
        op.create_index(
            f"ix_{table}_match_wanted",
            table,
            [key],
            postgresql_where=sa.text("match_wanted"),
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("absence_policy")
    for name in ("text_sha256", "content_sha256", "doc_no"):
        op.drop_index(f"ix_portal_page_{name}", table_name="portal_page")
    op.drop_column("portal_page", "listed_title")
    for name in ("read_since", "proven_at"):
        op.drop_column("portal", name)
    for name in ("is_shifted", "reread", "list_marks", "declared_pages"):
        op.drop_column("collector_run", name)
    for table in ("portal", "standing", "project"):
        op.drop_index(f"ix_{table}_match_wanted", table_name=table)
        op.drop_column(table, "match_wanted")
    op.drop_column("standing", "matchable_since")
    op.drop_index("ix_project_aliases", table_name="project")
    op.drop_column("project", "aliases")
