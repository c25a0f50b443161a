"""alarms, advice to open windows, and the terms of the floor

Revision ID: the_floor
Revises: silent_devices
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "the_floor"
down_revision: str | Sequence[str] | None = "silent_devices"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_RAISED = sa.text("state = 'raised'")


def upgrade() -> None:
    op.add_column(
        "booking_policy",
        sa.Column("floor", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("window_id", sa.Uuid(), nullable=False),
        sa.Column("window_no", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("acknowledge_seconds", sa.Integer(), nullable=False),
        sa.Column("escalate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised_by", sa.String(length=128), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=128), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("text_sealed", sa.String(), nullable=True),
        sa.Column("resolved_by", sa.String(length=128), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('raised', 'acknowledged', 'resolved')", name=op.f("ck_alarm_state_known")
        ),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name=op.f("ck_alarm_level_known")),
        sa.CheckConstraint(
            "(state = 'raised') = (acknowledged_at IS NULL)",
            name=op.f("ck_alarm_acknowledged_has_its_time"),
        ),
        sa.CheckConstraint(
            "(state = 'resolved') = (outcome IS NOT NULL)", name=op.f("ck_alarm_resolved_is_whole")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index(
        "uq_alarm_raised", "alarm", ["window_id"], unique=True, postgresql_where=_RAISED
    )
    op.create_index(
        "ix_alarm_escalating",
        "alarm",
        ["escalate_at"],
        postgresql_where=sa.text("state = 'raised' AND escalate_at IS NOT NULL"),
    )
    op.create_index("ix_alarm_hall", "alarm", ["hall_code", "id"])
    op.create_table(
        "opening_advice",
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("advised_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hall_code", name=op.f("pk_opening_advice")),
    )


def downgrade() -> None:
    op.drop_table("opening_advice")
    op.drop_table("alarm")
    op.drop_column("booking_policy", "floor")
