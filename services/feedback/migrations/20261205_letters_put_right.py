"""count the public's figures of letters anew; anonymity of what waits; the reply that was rated

What the figures showed until now gave the answered accusations as those of no department. What is
known by that stays known; it is shown no longer.

Revision ID: letters_put_right
Revises: audit_log_only_grows
Create Date: 2026-12-05

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "letters_put_right"
down_revision: str | Sequence[str] | None = "audit_log_only_grows"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("DELETE FROM public_figures WHERE topic = 'letters'")
    op.add_column(
        "quarantined_letter",
        sa.Column(
            "anonymity",
            sa.Enum(
                "named", "confidential", "anonymous",
                name="anonymity", native_enum=False, length=32,
            ),
            nullable=True,
        ),
    )  # fmt: skip
    for column in ("appeal_sealed", "appeal_answer_sealed"):
        op.add_column("quarantined_letter", sa.Column(column, sa.String(), nullable=True))
    op.add_column(
        "quarantined_letter", sa.Column("appeal_decided_by", sa.String(length=128), nullable=True)
    )
    for column in ("appealed_at", "appeal_decided_at"):
        op.add_column(
            "quarantined_letter", sa.Column(column, sa.DateTime(timezone=True), nullable=True)
        )
    _know("'quarantined', 'released', 'dropped', 'withdrawn', 'appealed'")
    op.add_column("letter_rating", sa.Column("reply_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_letter_rating_reply_id_letter_reply"),
        "letter_rating",
        "letter_reply",
        ["reply_id"],
        ["id"],
    )


def downgrade() -> None:
    """A month without figures is counted when it is next asked for."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("letter_rating", "reply_id")
    op.execute("UPDATE quarantined_letter SET state = 'dropped' WHERE state = 'appealed'")
    _know("'quarantined', 'released', 'dropped', 'withdrawn'")
    for column in (
        "appeal_sealed",
        "appeal_answer_sealed",
        "appeal_decided_by",
        "appealed_at",
        "appeal_decided_at",
        "anonymity",
    ):
        op.drop_column("quarantined_letter", column)


def _know(states: str) -> None:
    """The states that the column may hold; few rows, and all of them hold one of these."""
    name = "ck_quarantined_letter_state_known"
    op.execute(
        f"ALTER TABLE quarantined_letter DROP CONSTRAINT {name},"
        f" ADD CONSTRAINT {name} CHECK (state IN ({states}))"
    )
