"""letters are counted by day: sums, and marks of what is to be counted anew

The sums are formed by a job, some letters at a time; figures of days that it has not reached are
counted from the letters themselves.

Revision ID: letters_are_counted
Revises: prune_in_order
Create Date: 2026-12-07

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from shared.database import indexes
from shared.database.indexes import NewIndex

revision: str = "letters_are_counted"
down_revision: str | Sequence[str] | None = "prune_in_order"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SUBJECT = NewIndex(
    "ix_deadline_subject", "deadline", ["subject_kind", "subject_id", "started_at", "id"]
)
_MARKS = {"letter": "NEW.id", "its_letter": "NEW.letter_id", "subject": "NEW.subject_id"}
_REPLIED = "(SELECT letter_id FROM letter_reply WHERE id = NEW.reply_id)"
_COUNTED = ("kind", "state", "department_code", "replied_at", "wants_public")
_CHANGED = f"({', '.join(f'OLD.{c}' for c in _COUNTED)}) IS DISTINCT FROM" + (
    f" ({', '.join(f'NEW.{c}' for c in _COUNTED)})"
)
_IS_LETTERS = "NEW.subject_kind = 'letter'"
# Table, occasion, condition, what is marked.
_TRIGGERS = (
    ("letter", "INSERT", "true", "letter"),
    ("letter", "UPDATE", _CHANGED, "letter"),
    ("letter_transition", "INSERT", "NEW.action = 'register'", "its_letter"),
    ("letter_activity", "INSERT", "true", "its_letter"),
    ("letter_rating", "INSERT", "true", "its_letter"),
    ("reply_approval", "INSERT", "true", "replied"),
    ("deadline", "INSERT OR UPDATE", _IS_LETTERS, "subject"),
    ("published_letter", "INSERT", "true", "its_letter"),
    ("published_letter", "UPDATE", "OLD.taken_down_at IS DISTINCT FROM NEW.taken_down_at",
     "its_letter"),
    ("redaction", "INSERT", "true", "its_letter"),
    ("redaction", "UPDATE", "OLD.state IS DISTINCT FROM NEW.state", "its_letter"),
)  # fmt: skip


def upgrade() -> None:
    indexes.make(_SUBJECT)
    op.execute("SET LOCAL lock_timeout = '3s'")
    _make_tables()
    for name, letter in {**_MARKS, "replied": _REPLIED}.items():
        op.execute(
            f"CREATE FUNCTION recount_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" INSERT INTO letter_recount (letter_id) VALUES ({letter}); RETURN NULL; END $$"
        )
    for table, occasion, condition, mark in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {_name(occasion)} AFTER {occasion} ON {table} FOR EACH ROW"
            f" WHEN ({condition}) EXECUTE FUNCTION recount_{mark}()"
        )


def downgrade() -> None:
    for table, occasion, *_ in _TRIGGERS:
        op.execute(f"DROP TRIGGER IF EXISTS {_name(occasion)} ON {table}")
    for name in (*_MARKS, "replied"):
        op.execute(f"DROP FUNCTION recount_{name}()")
    for table in ("counted_letter", "letter_tally", "counted_day", "letter_recount"):
        op.drop_table(table)
    indexes.drop(_SUBJECT)


def _name(occasion: str) -> str:
    return "recount_" + occasion.lower().replace(" ", "_")


def _make_tables() -> None:
    """The columns of `services.feedback.statistics.models`."""
    small, moment = sa.SmallInteger(), sa.DateTime(timezone=True)
    flags = ("in_time", "in_time_by_first_limit", "published", "publishable", "rated", "satisfied")
    op.create_table(
        "counted_letter",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("department_code", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        *(
            sa.Column(name, small, nullable=False)
            for name in ("received", "ordinary", "replied", "closed", "registered")
        ),
        sa.Column("activities", sa.Integer(), nullable=False),
        *(sa.Column(name, small, nullable=False) for name in ("met", *flags)),
        sa.Column("answered_in", sa.Integer(), nullable=True),
        sa.Column("open_until", moment, nullable=True),
        sa.Column("open_until_first_limit", moment, nullable=True),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_counted_letter")),
    )
    op.create_index("ix_counted_letter_day", "counted_letter", ["day"])
    op.create_index("ix_counted_letter_department", "counted_letter", ["department_code", "day"])
    op.create_index(
        "ix_counted_letter_open",
        "counted_letter",
        ["day"],
        postgresql_where=sa.text("open_until IS NOT NULL"),
    )
    sums = ("received", "ordinary", "replied", "closed", "registered", "activities", "met", *flags)
    op.create_table(
        "letter_tally",
        sa.Column("grouping", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in sums),
        sa.Column("days", ARRAY(sa.Integer()), nullable=False),
        sa.Column("letters", ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("grouping", "day", "key", name=op.f("pk_letter_tally")),
    )
    op.create_table(
        "counted_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("proven_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_counted_day")),
    )
    op.create_table(
        "letter_recount",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_recount")),
    )
