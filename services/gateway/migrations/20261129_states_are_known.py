"""states are known

Revision ID: states_known
Revises: first
Create Date: 2026-11-29

"""

from collections.abc import Sequence

from alembic import op

revision: str = "states_known"
down_revision: str | Sequence[str] | None = "first"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The database refuses a state that no table of states knows."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "ALTER TABLE account ADD CONSTRAINT ck_account_state_known"
        " CHECK (state IN ('active', 'disabled'))"
    )


def downgrade() -> None:
    """Any text is a state again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE account DROP CONSTRAINT ck_account_state_known")
