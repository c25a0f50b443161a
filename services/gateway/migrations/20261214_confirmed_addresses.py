"""addresses for notices are confirmed, and what is urgent is taken first

Revision ID: confirmed_addresses
Revises: notices
Create Date: 2026-12-14

"""

from collections.abc import Sequence

from alembic import op

from shared.database import indexes
from shared.database.indexes import NewIndex

revision: str = "confirmed_addresses"
down_revision: str | Sequence[str] | None = "notices"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WAITING = "state = 'waiting'"
_FIRST = (
    NewIndex("ix_notice_due", "notice", ["priority", "next_at"], _WAITING),
    NewIndex(
        "ix_notice_delivery_due", "notice_delivery", ["channel", "priority", "next_at"], _WAITING
    ),
)
_BEFORE = (
    NewIndex("ix_notice_waiting", "notice", ["next_at"], _WAITING),
    NewIndex("ix_notice_delivery_waiting", "notice_delivery", ["next_at"], _WAITING),
)
_CHOSEN = """
ALTER TABLE notice_preference
  ADD COLUMN IF NOT EXISTS email_confirmed_at timestamptz,
  ADD COLUMN IF NOT EXISTS code_sealed varchar,
  ADD COLUMN IF NOT EXISTS code_expires_at timestamptz,
  DROP CONSTRAINT IF EXISTS ck_notice_preference_code_expires,
  ADD CONSTRAINT ck_notice_preference_code_expires
    CHECK ((code_sealed IS NULL) = (code_expires_at IS NULL))
"""

# A release that knows of no confirmation takes another address and leaves what was confirmed: what
# was written about the one before is not of that. What is only sealed anew stays at its version.
_FORGET = """
CREATE OR REPLACE FUNCTION forget_confirmation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  NEW.email_confirmed_at := NULL; NEW.code_sealed := NULL; NEW.code_expires_at := NULL;
  RETURN NEW;
END $$
"""
_WATCH = """
CREATE OR REPLACE TRIGGER forget_confirmation BEFORE UPDATE ON notice_preference FOR EACH ROW
  WHEN (NEW.version > OLD.version AND NEW.email_sealed IS DISTINCT FROM OLD.email_sealed
    AND NEW.email_confirmed_at IS NOT DISTINCT FROM OLD.email_confirmed_at
    AND NEW.code_sealed IS NOT DISTINCT FROM OLD.code_sealed)
  EXECUTE FUNCTION forget_confirmation()
"""


def upgrade() -> None:
    """What the release before makes is ordinary; an address that it took is not confirmed yet."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_CHOSEN)
    op.execute(_FORGET)
    op.execute(_WATCH)
    for table in ("notice", "notice_delivery"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS priority integer NOT NULL DEFAULT 1"
        )
    indexes.make(*_FIRST)
    indexes.drop(*_BEFORE)


def downgrade() -> None:
    indexes.make(*_BEFORE)
    indexes.drop(*_FIRST)
    for table in ("notice", "notice_delivery"):
        op.drop_column(table, "priority")
    op.execute("DROP TRIGGER forget_confirmation ON notice_preference")
    op.execute("DROP FUNCTION forget_confirmation()")
    for column in ("email_confirmed_at", "code_sealed", "code_expires_at"):
        op.drop_column("notice_preference", column)
