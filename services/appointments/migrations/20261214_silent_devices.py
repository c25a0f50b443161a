"""a device that is silent is noted

Revision ID: silent_devices
Revises: releases_in_turn
Create Date: 2026-12-14

"""

from collections.abc import Sequence

from alembic import op

revision: str = "silent_devices"
down_revision: str | Sequence[str] | None = "releases_in_turn"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The release before knows nothing of it: who reports to it is noted as back a minute later."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE device_access ADD COLUMN IF NOT EXISTS silent_at timestamptz")


def downgrade() -> None:
    op.drop_column("device_access", "silent_at")
