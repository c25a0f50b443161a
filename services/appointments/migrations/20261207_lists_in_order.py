"""lists are read in the order of an index, whatever they are narrowed down to

Revision ID: lists_in_order
Revises: days_are_counted
Create Date: 2026-12-07

"""

from collections.abc import Sequence

from shared.database import indexes
from shared.database.indexes import NewIndex

revision: str = "lists_in_order"
down_revision: str | Sequence[str] | None = "days_are_counted"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEXES = (
    NewIndex("ix_appointment_hall_state", "appointment", ["hall_code", "state", "starts_at", "id"]),
)


def upgrade() -> None:
    indexes.make(*_INDEXES)


def downgrade() -> None:
    indexes.drop(*_INDEXES)
