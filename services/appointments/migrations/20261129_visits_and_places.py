"""visits and places

Revision ID: visits_and_places
Revises: closures_change
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "visits_and_places"
down_revision: str | Sequence[str] | None = "closures_change"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Who lost their time is found over all days, and what became of them stands in it."""
    op.add_column("appointment", sa.Column("resolved", sa.String(16), nullable=True))
    op.add_column("appointment", sa.Column("reason_sealed", sa.String(), nullable=True))
    op.create_index(
        "ix_appointment_orphaned",
        "appointment",
        ["hall_code", "starts_at"],
        postgresql_where=sa.text("state = 'orphaned'"),
    )
    _visits()
    _returning_places()


def _visits() -> None:
    """A visit that is moved stays one entry of a calendar."""
    op.add_column("appointment", sa.Column("visit_id", sa.Uuid(), nullable=True))
    op.add_column(
        "appointment",
        sa.Column("calendar_base", sa.Integer(), server_default="0", nullable=False),
    )
    # Those moved before: along the chain, the versions of the earlier ones added up.
    op.execute(
        "WITH RECURSIVE chain AS ("
        " SELECT b.id, a.id AS visit_id, a.version AS base, b.version"
        " FROM appointment a JOIN appointment b ON b.rescheduled_from = a.id"
        " WHERE a.rescheduled_from IS NULL"
        " UNION ALL SELECT b.id, c.visit_id, c.base + c.version, b.version"
        " FROM chain c JOIN appointment b ON b.rescheduled_from = c.id)"
        " UPDATE appointment SET visit_id = chain.visit_id, calendar_base = chain.base"
        " FROM chain WHERE chain.id = appointment.id"
    )
    op.create_index(
        "ix_appointment_visit",
        "appointment",
        ["visit_id"],
        postgresql_where=sa.text("visit_id IS NOT NULL"),
    )


def _returning_places() -> None:
    """A cancelled place is on sale again after a while that nobody knows."""
    op.add_column("slot", sa.Column("kept_back", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_slot_kept_back_from_none"), "slot", "kept_back >= 0")
    op.create_table(
        "returning_place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["slot_id"], ["slot.id"], name=op.f("fk_returning_place_slot_id_slot")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returning_place")),
    )
    for column in ("slot_id", "due_at"):
        op.create_index(op.f(f"ix_returning_place_{column}"), "returning_place", [column])
    for name, minutes in (("return_from_minutes", "10"), ("return_to_minutes", "120")):
        op.add_column(
            "booking_policy",
            sa.Column(name, sa.Integer(), server_default=minutes, nullable=False),
        )


def downgrade() -> None:
    """What became of them is forgotten, each move is a visit, and places return at once."""
    for name in ("return_to_minutes", "return_from_minutes"):
        op.drop_column("booking_policy", name)
    op.drop_table("returning_place")
    op.drop_constraint(op.f("ck_slot_kept_back_from_none"), "slot")
    op.drop_column("slot", "kept_back")
    op.drop_column("appointment", "calendar_base")
    op.drop_column("appointment", "visit_id")
    op.drop_index("ix_appointment_orphaned", table_name="appointment")
    op.drop_column("appointment", "reason_sealed")
    op.drop_column("appointment", "resolved")
