"""places by channel: waves, returns between pools, days that differ, hours of late windows

Revision ID: places_by_channel
Revises: one_registration_an_account
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "places_by_channel"
down_revision: str | Sequence[str] | None = "one_registration_an_account"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in (
        sa.Column("ceded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("later_at", postgresql.ARRAY(_MOMENT), nullable=True),
        sa.Column("later_places", postgresql.ARRAY(sa.Integer()), nullable=True),
    ):
        op.add_column("slot", column)
    # The rows that are there are read by the next one, without the lock that this takes.
    op.execute("ALTER TABLE slot DROP CONSTRAINT ck_slot_capacity_is_sane")
    for name, holds in (
        ("capacity_from_none", "capacity BETWEEN 0 AND 5000"),
        ("later_places_have_times", "cardinality(later_at) = cardinality(later_places)"),
    ):
        op.execute(f"ALTER TABLE slot ADD CONSTRAINT ck_slot_{name} CHECK ({holds}) NOT VALID")
    for name, default in (("returns", "{}"), ("waves", "[]")):
        column = sa.Column(name, _JSON, server_default=default, nullable=False)
        op.add_column("schedule_rule", column)
    late_hours = sa.Column("late_hours", _JSON, server_default="[]", nullable=False)
    op.add_column("window", late_hours)
    _exceptions()


def _exceptions() -> None:
    op.create_table(
        "schedule_exception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("rule_code", sa.String(length=32), nullable=True),
        sa.Column("item_code", sa.String(length=64), nullable=True),
        sa.Column("window_no", sa.Integer(), nullable=True),
        sa.Column("starts", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.Column("capacity", _JSON, nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("lifted_by", sa.String(length=128), nullable=True),
        sa.Column("lifted_at", _MOMENT, nullable=True),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_schedule_exception_days_in_order")),
        sa.CheckConstraint(
            "num_nonnulls(rule_code, item_code, window_no) = 1",
            name=op.f("ck_schedule_exception_of_one_thing_only"),
        ),
        sa.CheckConstraint(
            "(starts IS NULL) = (ends IS NULL)", name=op.f("ck_schedule_exception_hours_are_whole")
        ),
        sa.CheckConstraint(
            "num_nonnulls(starts, capacity, percent) = 1",
            name=op.f("ck_schedule_exception_says_one_thing_only"),
        ),
        sa.ForeignKeyConstraint(
            ["hall_code"], ["hall.code"], name=op.f("fk_schedule_exception_hall_code_hall")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_exception")),
    )
    op.create_index("ix_schedule_exception_hall_code", "schedule_exception", ["hall_code"])


def downgrade() -> None:
    """A slot that gave all its places away has none to go back to."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("schedule_exception")
    op.drop_column("window", "late_hours")
    for column in ("returns", "waves"):
        op.drop_column("schedule_rule", column)
    for name in ("later_places_have_times", "capacity_from_none"):
        op.drop_constraint(op.f(f"ck_slot_{name}"), "slot")
    op.execute(
        "ALTER TABLE slot ADD CONSTRAINT ck_slot_capacity_is_sane"
        " CHECK (capacity BETWEEN 1 AND 1000) NOT VALID"
    )
    for column in ("ceded", "later_at", "later_places"):
        op.drop_column("slot", column)
