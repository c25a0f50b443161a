"""what letters say is missing online, and what was found

Revision ID: missing_disclosures
Revises: ended_rectifications
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "missing_disclosures"
down_revision: str | Sequence[str] | None = "ended_rectifications"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "missing_disclosure",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("project_code", sa.String(64), nullable=True),
        sa.Column("item_code", sa.String(16), nullable=True),
        sa.Column("department_code", sa.String(32), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_missing_disclosure_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_missing_disclosure")),
    )
    op.create_table(
        "disclosure_answer",
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(20), nullable=False),
        sa.Column("url", sa.String(1000), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("document", sa.String(200), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_disclosure_answer")),
    )
    op.add_column(
        "quarantined_letter", sa.Column("missing_disclosure", postgresql.JSONB(), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("quarantined_letter", "missing_disclosure")
    op.drop_table("disclosure_answer")
    op.drop_table("missing_disclosure")
