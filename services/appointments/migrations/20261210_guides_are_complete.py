"""the other elements of items, and from when a guide is in force

Revision ID: guides_are_complete
Revises: reminders
Create Date: 2026-12-10

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "guides_are_complete"
down_revision: str | Sequence[str] | None = "reminders"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "item",
        sa.Column(
            "elements",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column("guide", sa.Column("valid_from", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("guide", "valid_from")
    op.drop_column("item", "elements")
