"""the days of halls are counted: sums that statistics are read from

They are formed by a job, a day at a time; figures of days that it has not reached are counted from
the log.

Revision ID: days_are_counted
Revises: prune_in_order
Create Date: 2026-12-07

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "days_are_counted"
down_revision: str | Sequence[str] | None = "prune_in_order"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COUNTS = (
    *("issued", "called", "served", "done", "needs_more", "rejected", "missed", "abandoned"),
    *("parked", "transferred", "unfinished"),
)


def upgrade() -> None:
    """The columns of `services.appointments.statistics.models`."""
    number, large = sa.Integer(), sa.BigInteger()
    op.create_table(
        "hall_tally",
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("grouping", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        *(sa.Column(name, number, nullable=False) for name in _COUNTS),
        sa.Column("longest_wait_ms", number, nullable=True),
        sa.Column("timed", number, nullable=False),
        sa.Column("service_ms", large, nullable=False),
        sa.Column("estimated", number, nullable=False),
        sa.Column("estimates_off_ms", large, nullable=False),
        sa.Column("estimates_covered", number, nullable=False),
        *(
            sa.Column(name, ARRAY(number), nullable=False)
            for name in ("waits", "waits_n", "services", "services_n")
        ),
        sa.PrimaryKeyConstraint("hall_code", "grouping", "day", "key", name=op.f("pk_hall_tally")),
    )
    op.create_table(
        "counted_hall",
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("through_seq", number, nullable=False),
        sa.PrimaryKeyConstraint("hall_code", name=op.f("pk_counted_hall")),
    )
    op.create_table(
        "counted_hall_day",
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("hall_code", "day", name=op.f("pk_counted_hall_day")),
    )


def downgrade() -> None:
    for table in ("hall_tally", "counted_hall", "counted_hall_day"):
        op.drop_table(table)
