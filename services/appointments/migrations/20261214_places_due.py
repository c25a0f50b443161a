"""slots to come are found by hall, and those with places to release or return by when

Revision ID: places_due
Revises: places_by_channel
Create Date: 2026-12-14

"""

from collections.abc import Sequence

from alembic import op

revision: str = "places_due"
down_revision: str | Sequence[str] | None = "places_by_channel"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_UNREAD = ("capacity_from_none", "later_places_have_times")
"""Which the migration before put on new rows only."""
_INDEXES = {
    "ix_slot_coming": "(hall_code, starts_at) WHERE state = 'planned'",
    "ix_slot_ceding": "(shared_from) WHERE state = 'open' AND shared_from IS NOT NULL",
    "ix_slot_releasing": "((later_at[1])) WHERE state = 'open' AND later_at IS NOT NULL",
}


def upgrade() -> None:
    """While everybody goes on booking. Where it fails it can be run again."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        for name in _UNREAD:
            op.execute(f"ALTER TABLE slot VALIDATE CONSTRAINT ck_slot_{name}")
        for name, what in _INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON slot {what}")
        op.execute("RESET lock_timeout")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in _INDEXES:
        op.execute(f"DROP INDEX {name}")
