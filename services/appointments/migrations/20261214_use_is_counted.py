"""the use of places and windows is counted: a log of shifts, who cancelled, and sums of days

Every piece of a shift that ends goes into a log of its own; before, only the present shift was
known. Whatever changes about a day that may be counted already leaves a mark.

Revision ID: use_is_counted
Revises: contacts_are_forgotten
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from shared.database import append_only, indexes
from shared.database.indexes import NewIndex

revision: str = "use_is_counted"
down_revision: str | Sequence[str] | None = "contacts_are_forgotten"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SLOTS = NewIndex("ix_slot_day", "slot", ["hall_code", "on_date"])
_COUNTS = (
    *("booked", "confirmed", "expired", "cancelled_by_person", "cancelled_by_staff"),
    *("cancelled_by_hall", "cancelled_by_unknown", "moved", "orphaned", "came", "late", "served"),
    *("no_shows", "lapsed", "places_offered", "places_booked", "places_used", "started"),
)
_NOTE_SHIFT = """
CREATE FUNCTION note_shift() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO window_shift (hall_code, window_id, window_no, account, state, began_at, ended_at)
    VALUES (OLD.hall_code, OLD.window_id, OLD.window_no, coalesce(OLD.account, OLD.clerk),
        OLD.state, OLD.since, NEW.since);
    INSERT INTO use_recount (hall_code, day)
    SELECT h.code, d::date FROM hall h, generate_series(
        (OLD.since AT TIME ZONE h.timezone)::date, (NEW.since AT TIME ZONE h.timezone)::date,
        interval '1 day') d WHERE h.code = OLD.hall_code;
    RETURN NULL;
END $$"""
_NOTE_DAY = """
CREATE FUNCTION recount_use() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO use_recount (hall_code, day) VALUES (NEW.hall_code, NEW.on_date); RETURN NULL;
END $$"""
# What is booked for days to come, which nobody has counted, leaves no mark.
_TRIGGERS = (
    ("window_at_work", "note_shift", "UPDATE", "note_shift",
     "OLD.state IN ('open', 'paused', 'draining') AND OLD.since < NEW.since"),
    ("appointment", "recount_use", "INSERT OR UPDATE OF state", "recount_use",
     "NEW.on_date <= (NEW.changed_at AT TIME ZONE 'UTC')::date"),
    ("slot", "recount_use", "INSERT OR UPDATE OF state", "recount_use",
     "NEW.on_date <= current_date"),
)  # fmt: skip


def upgrade() -> None:
    indexes.make(_SLOTS)
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("appointment", sa.Column("cancelled_by_staff", sa.Boolean(), nullable=True))
    op.add_column("window_at_work", sa.Column("account", sa.String(length=128), nullable=True))
    _make_log()
    _make_sums()
    op.execute(_NOTE_SHIFT)
    op.execute(_NOTE_DAY)
    for table, name, occasion, function, condition in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} AFTER {occasion} ON {table} FOR EACH ROW"
            f" WHEN ({condition}) EXECUTE FUNCTION {function}()"
        )


def downgrade() -> None:
    for table, name, *_ in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for function in ("note_shift", "recount_use"):
        op.execute(f"DROP FUNCTION {function}()")
    append_only.release("window_shift")
    for table in ("use_recount", "counted_use_day", "use_tally", "window_shift"):
        op.drop_table(table)
    op.drop_column("window_at_work", "account")
    op.drop_column("appointment", "cancelled_by_staff")
    indexes.drop(_SLOTS)


def _make_log() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "window_shift",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("window_id", sa.Uuid(), nullable=False),
        sa.Column("window_no", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=False),
        sa.CheckConstraint("began_at < ended_at", name=op.f("ck_window_shift_ends_later")),
        sa.CheckConstraint(
            "state IN ('offline', 'open', 'paused', 'draining', 'closed')",
            name=op.f("ck_window_shift_state_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_shift")),
    )
    op.create_index("ix_window_shift_hall", "window_shift", ["hall_code", "ended_at"])
    append_only.protect("window_shift")


def _make_sums() -> None:
    """The columns of `services.appointments.statistics.use.models`."""
    number, large, code = sa.Integer(), sa.BigInteger(), sa.String(length=32)
    op.create_table(
        "use_tally",
        sa.Column("hall_code", code, nullable=False),
        sa.Column("grouping", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        *(sa.Column(name, number, nullable=False) for name in _COUNTS),
        *(
            sa.Column(name, large, nullable=False)
            for name in ("open_ms", "paused_ms", "serving_ms", "way_ms")
        ),
        *(sa.Column(name, ARRAY(number), nullable=False) for name in ("ways", "ways_n")),
        sa.PrimaryKeyConstraint("hall_code", "grouping", "day", "key", name=op.f("pk_use_tally")),
    )
    op.create_table(
        "counted_use_day",
        sa.Column("hall_code", code, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("hall_code", "day", name=op.f("pk_counted_use_day")),
    )
    op.create_table(
        "use_recount",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("hall_code", code, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_recount")),
    )
