"""the roots of blocks of facts, by which an observation leads to a report that was signed

Revision ID: fact_blocks
Revises: elements_judged
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.database import append_only

revision: str = "fact_blocks"
down_revision: str | Sequence[str] | None = "elements_judged"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The first report that is frozen from now on fills it."""
    op.create_table(
        "fact_block",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_fact_block")),
        sa.UniqueConstraint("last_id", name=op.f("uq_fact_block_last_id")),
    )
    append_only.protect("fact_block")


def downgrade() -> None:
    """A release of before hashes all facts for each report."""
    op.drop_table("fact_block")
