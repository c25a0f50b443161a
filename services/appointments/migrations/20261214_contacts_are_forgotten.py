"""who appointments were for is found by when they were, to be forgotten

Revision ID: contacts_are_forgotten
Revises: outreach_forgets
Create Date: 2026-12-14

"""

from collections.abc import Sequence

from shared.database import indexes
from shared.database.indexes import NewIndex

revision: str = "contacts_are_forgotten"
down_revision: str | Sequence[str] | None = "outreach_forgets"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEXES = (
    NewIndex("ix_appointment_known", "appointment", ["starts_at"], "name_sealed IS NOT NULL"),
    NewIndex("ix_citizen_updated_at", "citizen", ["updated_at"]),
)


def upgrade() -> None:
    indexes.make(*_INDEXES)


def downgrade() -> None:
    indexes.drop(*_INDEXES)
