"""an alarm that somebody sees to is ended in time, or goes higher again

Revision ID: alarms_are_ended
Revises: words_are_forgotten
Create Date: 2026-12-15

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "alarms_are_ended"
down_revision: str | Sequence[str] | None = "words_are_forgotten"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Those that somebody sees to already have as long as others, from now on. Alarms are few: they
    are indexed anew at once."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "alarm", sa.Column("resolve_seconds", sa.Integer(), server_default="900", nullable=False)
    )
    op.execute(
        "UPDATE alarm SET escalate_at = now() + make_interval(secs => resolve_seconds)"
        " WHERE state = 'acknowledged' AND escalate_at IS NULL"
    )
    op.create_index(
        "ix_alarm_due",
        "alarm",
        ["escalate_at"],
        postgresql_where=sa.text("escalate_at IS NOT NULL"),
    )
    op.drop_index("ix_alarm_escalating", table_name="alarm")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "ix_alarm_escalating",
        "alarm",
        ["escalate_at"],
        postgresql_where=sa.text("state = 'raised' AND escalate_at IS NOT NULL"),
    )
    op.drop_index("ix_alarm_due", table_name="alarm")
    op.drop_column("alarm", "resolve_seconds")
