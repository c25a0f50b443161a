"""proposals that are a tagger's hints

Revision ID: hints
Revises: public_figures
Create Date: 2026-12-03

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "hints"
down_revision: str | Sequence[str] | None = "public_figures"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "redaction_span",
        sa.Column("hint", sa.Boolean(), server_default="false", nullable=False),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("redaction_span", "hint")
