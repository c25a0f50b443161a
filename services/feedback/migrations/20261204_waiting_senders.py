"""senders of letters that wait may add to them and withdraw them

Revision ID: waiting_senders
Revises: hints
Create Date: 2026-12-04

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "waiting_senders"
down_revision: str | Sequence[str] | None = "hints"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    _know("'quarantined', 'released', 'dropped', 'withdrawn'")
    op.create_table(
        "quarantined_supplement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("quarantined_id", sa.Uuid(), nullable=False),
        sa.Column("text_sealed", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["quarantined_id"],
            ["quarantined_letter.id"],
            name=op.f("fk_quarantined_supplement_quarantined_id_quarantined_letter"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_supplement")),
    )
    op.create_index(
        op.f("ix_quarantined_supplement_quarantined_id"),
        "quarantined_supplement",
        ["quarantined_id"],
        unique=False,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("quarantined_supplement")
    op.execute("DELETE FROM quarantined_letter WHERE state = 'withdrawn'")
    _know("'quarantined', 'released', 'dropped'")


def _know(states: str) -> None:
    """The states that the column may hold; few rows, and all of them hold one of these."""
    name = "ck_quarantined_letter_state_known"
    op.execute(
        f"ALTER TABLE quarantined_letter DROP CONSTRAINT {name},"
        f" ADD CONSTRAINT {name} CHECK (state IN ({states}))"
    )
