"""when a person was there, when the hall gave a time back, and whom staff booked for

Revision ID: what_a_person_went_by
Revises: losses_are_counted
Create Date: 2026-12-09

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "what_a_person_went_by"
down_revision: str | Sequence[str] | None = "losses_are_counted"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = (
    sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("regained_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("name_sealed", sa.String(), nullable=True),
    sa.Column("phone_sealed", sa.String(), nullable=True),
)


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("appointment", column)


def downgrade() -> None:
    for column in reversed(_COLUMNS):
        op.drop_column("appointment", column.name)
