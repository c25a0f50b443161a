"""ratings are counted by day: sums, and marks of the days of which something changed

The sums are formed by a job, a day at a time; days that it has not reached are counted from rows.

Revision ID: ratings_are_counted
Revises: lists_in_order
Create Date: 2026-12-07

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.database import indexes
from shared.database.indexes import NewIndex

revision: str = "ratings_are_counted"
down_revision: str | Sequence[str] | None = "lists_in_order"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INVITED = NewIndex("ix_rating_invitation_invited", "rating_invitation", ["invited_at"])
_DAY = "(i.invited_at AT TIME ZONE 'Asia/Shanghai')::date"
_MARKS = {
    "invitation": "SELECT (NEW.invited_at AT TIME ZONE 'Asia/Shanghai')::date",
    "rating": f"SELECT {_DAY} FROM rating_invitation i WHERE i.id = NEW.invitation_id",
    "service": f"SELECT {_DAY} FROM rating_invitation i WHERE i.service_event_id = NEW.id",
}


def _changed(*columns: str) -> str:
    old, new = (", ".join(f"{of}.{column}" for column in columns) for of in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


# Table, occasion, condition, what is marked.
_TRIGGERS = (
    ("rating_invitation", "INSERT", "true", "invitation"),
    ("rating", "INSERT", "true", "rating"),
    ("rating", "UPDATE", _changed("grade", "state", "round"), "rating"),
    ("service_event", "UPDATE", _changed("department_code", "hall_code", "item_code"), "service"),
)


def upgrade() -> None:
    indexes.make(_INVITED)
    op.execute("SET LOCAL lock_timeout = '3s'")
    _make_tables()
    for name, days in _MARKS.items():
        op.execute(
            f"CREATE FUNCTION recount_day_of_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" INSERT INTO rating_recount (day) {days}; RETURN NULL; END $$"
        )
    for table, occasion, condition, mark in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER recount_{occasion.lower()} AFTER {occasion} ON {table} FOR EACH ROW"
            f" WHEN ({condition}) EXECUTE FUNCTION recount_day_of_{mark}()"
        )


def downgrade() -> None:
    for table, occasion, *_ in _TRIGGERS:
        op.execute(f"DROP TRIGGER recount_{occasion.lower()} ON {table}")
    for name in _MARKS:
        op.execute(f"DROP FUNCTION recount_day_of_{name}()")
    for table in ("rating_tally", "counted_rating_day", "rating_recount"):
        op.drop_table(table)
    indexes.drop(_INVITED)


def _make_tables() -> None:
    """The columns of `services.feedback.rating_counts.models`."""
    counts = ("invited", "rated", "excluded", "satisfied", "bad", "rectified", "revisited")
    code = sa.String(length=32)
    op.create_table(
        "rating_tally",
        sa.Column("grouping", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("department_code", code, nullable=False),
        sa.Column("hall_code", code, nullable=False),
        sa.Column("item_code", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint(
            *("grouping", "day", "department_code", "hall_code", "item_code"),
            name=op.f("pk_rating_tally"),
        ),
    )
    for column in ("department", "hall"):
        op.create_index(
            f"ix_rating_tally_{column}",
            "rating_tally",
            [f"{column}_code", "day"],
            postgresql_where=sa.text("grouping = 'cell'"),
        )
    op.create_table(
        "counted_rating_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_counted_rating_day")),
    )
    op.create_table(
        "rating_recount",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_recount")),
    )
    op.create_index("ix_rating_recount_day", "rating_recount", ["day"])
