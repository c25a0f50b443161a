"""states are known

Revision ID: states_known
Revises: one_walk_in
Create Date: 2026-11-29

"""

from collections.abc import Sequence

from alembic import op

revision: str = "states_known"
down_revision: str | Sequence[str] | None = "one_walk_in"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATES = {
    "appointment": (
        "held confirmed checked_in served no_show lapsed expired cancelled rescheduled orphaned"
        " cancelled_by_hall"
    ),
    "slot": "planned open closed withdrawn",
    "ticket": ("waiting called recalled serving parked missed transferred done abandoned closed"),
    "window_at_work": "offline open paused draining closed",
}


def upgrade() -> None:
    """The database refuses a state that no table of states knows.

    NOT VALID: the next migration reads the rows that are there, without the lock that this takes.
    """
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, states in STATES.items():
        listed = ", ".join(f"'{state}'" for state in states.split())
        name = f"ck_{table}_state_known"
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (state IN ({listed})) NOT VALID"
        )


def downgrade() -> None:
    """Any text is a state again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in STATES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_state_known")
