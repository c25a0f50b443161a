"""A roll-up by unit and verdict, kept by the statement that moves verdicts; an index of what falls
due, so that the tick touches nothing else.

Revision ID: kept_tallies
Revises: regions
"""

import sqlalchemy as sa
from alembic import op

revision: str = "kept_tallies"
down_revision: str | None = "regions"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "unit_tally",
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("over_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit_code", "verdict", name=op.f("pk_unit_tally")),
    )
    op.execute(
        sa.text(
            "INSERT INTO unit_tally SELECT unit_code, verdict, count(*), coalesce(sum(over_by), 0)"
            " FROM standing WHERE verdict IS NOT NULL GROUP BY unit_code, verdict"
        )
    )
    op.create_index(
        "ix_standing_falling_due",
        "standing",
        ["calendar_days", "reason", "due_ord"],
        postgresql_where=sa.text("reason IN ('due_date_ahead', 'due_within_days')"),
    )


def downgrade() -> None:
    op.drop_index("ix_standing_falling_due", table_name="standing")
    op.drop_table("unit_tally")
