"""one person

Revision ID: one_person
Revises: states_checked
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "one_person"
down_revision: str | Sequence[str] | None = "states_checked"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """A person is in one place at a time, and has no more appointments than the policy allows."""
    op.create_table(
        "booking_turn",
        sa.Column("key", sa.String(140), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_booking_turn")),
    )
    op.add_column(
        "booking_policy",
        sa.Column("caps", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "booking_policy",
        sa.Column("cancel_grace_minutes", sa.Integer(), server_default="10", nullable=False),
    )
    _penalties()
    _people()


def _people() -> None:
    """One person, however named: an account is known by digests, as everything of a person is."""
    op.create_table(
        "verified_account",
        sa.Column("citizen_key", sa.String(140), nullable=False),
        sa.Column("document", sa.String(64), nullable=True),
        sa.Column("phone", sa.String(64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_key", name=op.f("pk_verified_account")),
    )
    for table in ("appointment", "penalty", "ticket"):
        for column in ("person_document", "person_phone"):
            op.add_column(table, sa.Column(column, sa.String(64), nullable=True))
    for table in ("appointment", "penalty"):
        for column in ("person_document", "person_phone"):
            op.create_index(
                f"ix_{table}_{column}",
                table,
                [column],
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
            )


def _penalties() -> None:
    """A penalty can be appealed against and lifted."""
    for column in (
        sa.Column("state", sa.String(16), server_default="in_force", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("appeal_sealed", sa.String(), nullable=True),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason_sealed", sa.String(), nullable=True),
    ):
        op.add_column("penalty", column)
    op.execute("UPDATE penalty SET state = 'lifted' WHERE lifted_at IS NOT NULL")
    op.create_check_constraint(
        op.f("ck_penalty_state_known"), "penalty", "state IN ('in_force', 'appealed', 'lifted')"
    )
    op.create_check_constraint(
        op.f("ck_penalty_lifted_has_its_time"),
        "penalty",
        "(state = 'lifted') = (lifted_at IS NOT NULL)",
    )
    op.create_index("ix_penalty_hall", "penalty", ["hall_code", "id"])


def downgrade() -> None:
    """The caps are forgotten, what was said against penalties, and who is one person."""
    for table in ("ticket", "penalty", "appointment"):
        for column in ("person_phone", "person_document"):
            op.drop_column(table, column)
    op.drop_table("verified_account")
    op.drop_index("ix_penalty_hall", table_name="penalty")
    op.drop_constraint(op.f("ck_penalty_lifted_has_its_time"), "penalty")
    op.drop_constraint(op.f("ck_penalty_state_known"), "penalty")
    for name in ("lift_reason_sealed", "appealed_at", "appeal_sealed", "version", "state"):
        op.drop_column("penalty", name)
    op.drop_column("booking_policy", "cancel_grace_minutes")
    op.drop_column("booking_policy", "caps")
    op.drop_table("booking_turn")
