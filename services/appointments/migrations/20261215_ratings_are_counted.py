"""ratings of whom somebody served are noted until their quarter is counted

Revision ID: ratings_are_counted
Revises: alarms_are_ended
Create Date: 2026-12-15

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "ratings_are_counted"
down_revision: str | Sequence[str] | None = "alarms_are_ended"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "given_rating",
        sa.Column("rating_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("is_bad", sa.Boolean(), nullable=False),
        sa.Column("is_excluded", sa.Boolean(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rating_id", name=op.f("pk_given_rating")),
    )
    op.create_index(op.f("ix_given_rating_given_at"), "given_rating", ["given_at"])
    op.create_table(
        "served_rating_tally",
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("rated", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "bad BETWEEN 0 AND rated", name=op.f("ck_served_rating_tally_bad_within_rated")
        ),
        sa.PrimaryKeyConstraint(
            "hall_code",
            "quarter",
            "account",
            "item_code",
            name=op.f("pk_served_rating_tally"),
        ),
    )


def downgrade() -> None:
    op.drop_table("served_rating_tally")
    op.drop_table("given_rating")
