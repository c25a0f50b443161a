"""a hall says how much there has to be before service times of a person are compared

Revision ID: assessments_have_terms
Revises: use_is_counted
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "assessments_have_terms"
down_revision: str | Sequence[str] | None = "use_is_counted"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    terms = sa.Column("assessments", JSONB(), server_default=sa.text("'{}'"), nullable=False)
    op.add_column("booking_policy", terms)


def downgrade() -> None:
    op.drop_column("booking_policy", "assessments")
