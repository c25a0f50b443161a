"""states are checked

Revision ID: states_checked
Revises: states_known
Create Date: 2026-11-29

"""

from collections.abc import Sequence

from alembic import op

revision: str = "states_checked"
down_revision: str | Sequence[str] | None = "states_known"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("appointment", "slot", "ticket", "window_at_work")


def upgrade() -> None:
    """The rows that were there before: they are read while everybody goes on writing.

    A transaction of its own, for the one before locks everybody out until it is committed. Where
    it fails it can be run again: what is valid already is not read a second time.
    """
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_state_known")


def downgrade() -> None:
    """A constraint that holds is left: the migration before drops it."""
