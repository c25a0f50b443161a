"""the sender is let in: appeals, renewed codes, own letters, limits to decide what they ask

Revision ID: sender_let_in
Revises: states_checked
Create Date: 2026-11-29

"""

from collections.abc import Sequence
from datetime import date
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op

revision: str = "sender_let_in"
down_revision: str | Sequence[str] | None = "states_checked"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = (
    "received registered not_accepted accepted dispatched disputed handling awaiting_citizen"
    " in_review replied reopen_requested closed merged withdrawn transferred"
)
COLUMNS = (
    ("letter", "state"),
    ("letter_transition", "from_state"),
    ("letter_transition", "to_state"),
)

POLICIES = (
    # kind, unit, n, legal source
    ("reopen_decision", "working_day", 5, "本系统默认"),
    ("letter_appeal", "calendar_day", 30, "信访工作条例第三十五条"),
)
_table = sa.table(
    "deadline_policy",
    sa.column("id", sa.Uuid()),
    sa.column("region", sa.String()),
    sa.column("kind", sa.String()),
    sa.column("unit", sa.String()),
    sa.column("n", sa.Integer()),
    sa.column("extension_limit", sa.Integer()),
    sa.column("legal_source", sa.String()),
    sa.column("valid_from", sa.Date()),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("letter", sa.Column("renewed_code_hash", sa.String(), nullable=True))
    op.add_column("letter", sa.Column("account_index", sa.String(), nullable=True))
    op.create_index("ix_letter_account_index", "letter", ["account_index"], unique=False)
    _know(f"{BEFORE} appealed")
    op.bulk_insert(
        _table,
        [
            {
                "id": uuid5(NAMESPACE_URL, f"onedoor/deadline-policy/{kind}"),
                "region": "CN",
                "kind": kind,
                "unit": unit,
                "n": n,
                "extension_limit": 0,
                "legal_source": source,
                "valid_from": date(2004, 1, 1),
            }
            for kind, unit, n, source in POLICIES
        ],
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("DELETE FROM deadline_policy WHERE kind IN ('reopen_decision', 'letter_appeal')")
    _know(BEFORE)
    op.drop_index("ix_letter_account_index", table_name="letter")
    op.drop_column("letter", "account_index")
    op.drop_column("letter", "renewed_code_hash")


def _know(states: str) -> None:
    """The states that the columns may hold; NOT VALID, for every row holds one of them already."""
    listed = ", ".join(f"'{state}'" for state in states.split())
    for table, column in COLUMNS:
        name = f"ck_{table}_{column}_known"
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {name},"
            f" ADD CONSTRAINT {name} CHECK ({column} IN ({listed})) NOT VALID"
        )
