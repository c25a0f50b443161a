"""an account that several people use bears, of each moment, the name of who used it then

Revision ID: names_of_shifts
Revises: lists_in_order
Create Date: 2026-12-08

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "names_of_shifts"
down_revision: str | Sequence[str] | None = "lists_in_order"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "shift_name",
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("account", "since", name="pk_shift_name"),
    )
    op.execute(
        "INSERT INTO shift_name (account, since, name) SELECT account, noted_at, name"
        " FROM staff_name"
    )


def downgrade() -> None:
    op.drop_table("shift_name")
