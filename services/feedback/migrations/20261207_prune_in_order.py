"""what is handled is forgotten in the order in which it was

Revision ID: prune_in_order
Revises: letters_put_right
Create Date: 2026-12-07

"""

from collections.abc import Sequence

from shared.database import indexes
from shared.database.indexes import NewIndex

revision: str = "prune_in_order"
down_revision: str | Sequence[str] | None = "letters_put_right"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INBOX = NewIndex("ix_inbox_handled_at", "inbox", ["handled_at"])


def upgrade() -> None:
    indexes.make(_INBOX)


def downgrade() -> None:
    indexes.drop(_INBOX)
