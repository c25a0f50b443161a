"""an exemption is asked for by one and decided on by another

Revision ID: exemption_requests
Revises: rectification
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "exemption_requests"
down_revision: str | Sequence[str] | None = "rectification"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "exemption_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("article", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(100), nullable=False),
        sa.Column("decision", sa.String(500), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(100), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'granted', 'refused')",
            name=op.f("ck_exemption_request_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'asked') = (decided_by IS NULL)"
            " AND (state = 'asked') = (decision IS NULL)",
            name=op.f("ck_exemption_request_decided_or_asked"),
        ),
        sa.CheckConstraint(
            "decided_by <> asked_by", name=op.f("ck_exemption_request_decided_by_another")
        ),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["duty.id"], name=op.f("fk_exemption_request_duty_id_duty")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemption_request")),
    )
    op.create_index(
        "uq_exemption_request_asked",
        "exemption_request",
        ["duty_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_index("ix_exemption_request_duty_id", "exemption_request", ["duty_id"])
    op.create_index("ix_exemption_request_unit_code_id", "exemption_request", ["unit_code", "id"])


def downgrade() -> None:
    op.drop_table("exemption_request")
