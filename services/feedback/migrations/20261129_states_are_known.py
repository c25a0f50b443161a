"""states are known

Revision ID: states_known
Revises: calendar_editions
Create Date: 2026-11-29

"""

from collections.abc import Sequence

from alembic import op

revision: str = "states_known"
down_revision: str | Sequence[str] | None = "calendar_editions"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LETTER = (
    "received registered not_accepted accepted dispatched disputed handling awaiting_citizen"
    " in_review replied reopen_requested closed merged withdrawn transferred"
)
RATING = (
    "rated_good rated_bad verifying explained appealed confirmed excluded rectifying feedback_given"
    " satisfied_closed unreachable_closed under_supervision"
)
ORDER = "issued acknowledged answered rejected accepted closed"
STATES = {
    ("letter", "state"): LETTER,
    ("letter_transition", "from_state"): LETTER,
    ("letter_transition", "to_state"): LETTER,
    ("redaction", "state"): "in_review published declined taken_down",
    ("rating_invitation", "state"): "open rated expired",
    ("rating", "state"): RATING,
    ("rating_step", "state"): RATING,
    ("supervision_order", "state"): ORDER,
    ("supervision_step", "state"): ORDER,
    ("deadline", "state"): "running paused breached met cancelled",
}


def upgrade() -> None:
    """The database refuses a state that no table of states knows.

    NOT VALID: the next migration reads the rows that are there, without the lock that this takes.
    """
    op.execute("SET LOCAL lock_timeout = '3s'")
    for (table, column), states in STATES.items():
        listed = ", ".join(f"'{state}'" for state in states.split())
        name = f"ck_{table}_{column}_known"
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({listed})) NOT VALID"
        )


def downgrade() -> None:
    """Any text is a state again."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table, column in STATES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}_known")
