"""departments with numbers of their own, letters kept apart, contacts of raters, hints

Revision ID: departments_quarantine
Revises: sender_states_checked
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "departments_quarantine"
down_revision: str | Sequence[str] | None = "sender_states_checked"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "department",
        sa.Column("numbers", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
    )
    op.add_column(
        "department", sa.Column("version", sa.Integer(), server_default="1", nullable=False)
    )
    op.execute(
        "ALTER TABLE department ADD CONSTRAINT ck_department_version_counts_from_one"
        " CHECK (version > 0)"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("department", "version")
    op.drop_column("department", "numbers")
