"""lists are read in the order of an index, whatever they are narrowed down to

Revision ID: lists_in_order
Revises: letters_are_counted
Create Date: 2026-12-07

"""

from collections.abc import Sequence

from shared.database import indexes
from shared.database.indexes import NewIndex

revision: str = "lists_in_order"
down_revision: str | Sequence[str] | None = "letters_are_counted"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEXES = (
    NewIndex("ix_deadline_list", "deadline", ["due_on", "id"]),
    NewIndex("ix_deadline_state", "deadline", ["state", "due_on", "id"]),
    NewIndex(
        "ix_deadline_department_state", "deadline", ["department_code", "state", "due_on", "id"]
    ),
    NewIndex(
        "ix_deadline_letter_due",
        "deadline",
        ["due_on", "subject_id"],
        "subject_kind = 'letter' AND state IN ('running', 'paused', 'breached')",
    ),
    NewIndex("ix_letter_department", "letter", ["department_code", "received_at", "id"]),
    NewIndex("ix_letter_department_id", "letter", ["department_code", "id"]),
    NewIndex("ix_letter_state", "letter", ["state", "received_at", "id"]),
    NewIndex("ix_letter_kind", "letter", ["kind", "received_at", "id"]),
    NewIndex("ix_rating_state", "rating", ["state", "rated_at", "id"]),
    NewIndex("ix_rating_invitation", "rating", ["invitation_id"]),
)


def upgrade() -> None:
    indexes.make(*_INDEXES)


def downgrade() -> None:
    indexes.drop(*_INDEXES)
