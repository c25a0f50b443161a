"""a version of what all verdicts go by, so that a duty is judged by what was read before

Revision ID: judging_basis
Revises: absences_set_aside
Create Date: 2026-12-11

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "judging_basis"
down_revision: str | Sequence[str] | None = "absences_set_aside"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "judging_basis",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_judging_basis_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judging_basis")),
    )
    op.execute("INSERT INTO judging_basis (id, version) VALUES (1, 1)")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("judging_basis")
