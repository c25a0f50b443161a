"""ticket events are append only

Revision ID: ticket_events
Revises: first
Create Date: 2026-11-23

"""

from collections.abc import Sequence

from shared.database import append_only

revision: str = "ticket_events"
down_revision: str | Sequence[str] | None = "first"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Statistics are computed from this log alone, so nothing in it may ever change."""
    append_only.define()
    append_only.protect("ticket_event")


def downgrade() -> None:
    """Let the log be changed again."""
    append_only.release("ticket_event")
    append_only.undefine()
