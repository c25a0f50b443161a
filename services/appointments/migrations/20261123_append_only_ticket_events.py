"""ticket events are append only

Revision ID: ticket_events
Revises: first
Create Date: 2026-11-23

"""

from collections.abc import Sequence

from alembic import op

revision: str = "ticket_events"
down_revision: str | Sequence[str] | None = "first"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Statistics are computed from this log alone, so nothing in it may ever change."""
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '% is append only', TG_TABLE_NAME"
        " USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ticket_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Let the log be changed again."""
    op.execute("DROP TRIGGER append_only ON ticket_event")
    op.execute("DROP FUNCTION refuse_change()")
