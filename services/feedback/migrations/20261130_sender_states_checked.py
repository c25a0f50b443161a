"""the states of letters are checked again

Revision ID: sender_states_checked
Revises: sender_let_in
Create Date: 2026-11-29

"""

from collections.abc import Sequence

from alembic import op

revision: str = "sender_states_checked"
down_revision: str | Sequence[str] | None = "sender_let_in"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = (
    ("letter", "state"),
    ("letter_transition", "from_state"),
    ("letter_transition", "to_state"),
)


def upgrade() -> None:
    """The rows are read while everybody goes on writing, in a transaction of its own."""
    for table, column in COLUMNS:
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{column}_known")


def downgrade() -> None:
    """A constraint that holds is left: the migration before makes its own."""
