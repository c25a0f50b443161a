"""projects from elsewhere under their OC4IDS id, the newest publications, what is reported missing

Revision ID: open_data
Revises: requests_kept
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "open_data"
down_revision: str | Sequence[str] | None = "requests_kept"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CODES = {
    "project": "code",
    "project_list_member": "project_code",
    "trigger_event": "project_code",
    "duty": "project_code",
}
CHECKS = {
    "ix_disclosure_check_state": ["state", "first_reported_at", "id"],
    "ix_disclosure_check_project_code": ["project_code"],
    "ix_disclosure_check_unit_code": ["unit_code"],
}
NEWEST = "ix_publication_first_seen_at"


def upgrade() -> None:
    """A longer limit rewrites no row and no index."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table, column in CODES.items():
        op.alter_column(table, column, type_=sa.String(64), existing_type=sa.String(24))
    _create_checks()
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NEWEST}")
        op.execute(f"CREATE INDEX CONCURRENTLY {NEWEST} ON publication (first_seen_at, duty_id)")
        op.execute("RESET lock_timeout")


def _create_checks() -> None:
    op.create_table(
        "disclosure_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("project_code", sa.String(64), nullable=True),
        sa.Column("item_code", sa.String(16), nullable=True),
        sa.Column("unit_code", sa.String(32), nullable=True),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("first_reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("answer", sa.String(16), nullable=True),
        sa.Column("duty_id", sa.Uuid(), nullable=True),
        sa.Column("url", sa.String(1000), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("document", sa.String(200), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(100), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'answered')", name=op.f("ck_disclosure_check_state_known")
        ),
        sa.CheckConstraint(
            "(state = 'answered') = (answer IS NOT NULL)"
            " AND (state = 'answered') = (answered_at IS NOT NULL)",
            name=op.f("ck_disclosure_check_answered_or_open"),
        ),
        sa.CheckConstraint("reports > 0", name=op.f("ck_disclosure_check_somebody_reported_it")),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["duty.id"], name=op.f("fk_disclosure_check_duty_id_duty")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_check")),
        sa.UniqueConstraint("reference", name=op.f("uq_disclosure_check_reference")),
        if_not_exists=True,
    )
    for name, columns in CHECKS.items():
        op.create_index(name, "disclosure_check", columns, if_not_exists=True)


def downgrade() -> None:
    """The codes keep their room: there may be longer ones by now."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("disclosure_check")
    op.drop_index(NEWEST, "publication")
