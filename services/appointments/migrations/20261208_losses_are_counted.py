"""losses are counted: whoever gives a place back without locks has seen who lost a time

Revision ID: losses_are_counted
Revises: names_of_shifts
Create Date: 2026-12-08

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "losses_are_counted"
down_revision: str | Sequence[str] | None = "names_of_shifts"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The release before does not count; whom it leaves without a time is helped by the job."""
    op.add_column("slot", sa.Column("losses", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("slot", "losses")
