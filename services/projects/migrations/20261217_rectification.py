"""orders to put findings right, as cases with a last day, replies, proof and an end

Revision ID: rectification
Revises: packs
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.database import append_only

revision: str = "rectification"
down_revision: str | Sequence[str] | None = "packs"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATES = (
    "state IN ('issued', 'acknowledged', 'replied', 'returned', 'escalated', 'closed', 'revoked')"
)
ENDED = "(state IN ('closed', 'revoked'))"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    _orders()
    op.create_table(
        "rectification_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reply_kind", sa.String(16), nullable=True),
        sa.Column("url", sa.String(1000), nullable=True),
        sa.Column("document", sa.String(200), nullable=True),
        sa.Column("text", sa.String(500), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.CheckConstraint(STATES, name=op.f("ck_rectification_step_state_known")),
        sa.CheckConstraint(
            "(step = 'replied') = (reply_kind IS NOT NULL)",
            name=op.f("ck_rectification_step_reply_has_a_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["rectification_order.id"],
            name=op.f("fk_rectification_step_order_id_rectification_order"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_step")),
    )
    op.create_index("ix_rectification_step_order_id", "rectification_step", ["order_id", "id"])
    op.create_table(
        "rectification_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_rectification_year")),
    )
    op.create_table(
        "rectification_policy",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("further_days", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.CheckConstraint(
            "term_days > 0 AND further_days > 0",
            name=op.f("ck_rectification_policy_days_positive"),
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rectification_policy")),
    )
    # Local practice where no rule of law names a term; a later version replaces it.
    op.execute(
        "INSERT INTO rectification_policy (version, term_days, further_days, created_at,"
        " created_by) VALUES (1, 10, 5, now(), 'release')"
    )
    append_only.protect("rectification_step", "rectification_policy")


def _orders() -> None:
    op.create_table(
        "rectification_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("missing_elements", postgresql.JSONB(), nullable=False),
        sa.Column("demand", sa.String(500), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("term_from", sa.Date(), nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(100), nullable=False),
        sa.Column("replied_by", sa.String(100), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposal", sa.String(20), nullable=True),
        sa.Column("first_by", sa.String(100), nullable=True),
        sa.Column("closing", sa.String(16), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(100), nullable=True),
        sa.Column("proof_fact_id", sa.BigInteger(), nullable=True),
        sa.Column("looked_at", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(STATES, name=op.f("ck_rectification_order_state_known")),
        sa.CheckConstraint(
            f"{ENDED} = (ended_at IS NOT NULL) AND {ENDED} = (closing IS NOT NULL)"
            f" AND {ENDED} = (ended_by IS NOT NULL)",
            name=op.f("ck_rectification_order_ended_or_open"),
        ),
        sa.CheckConstraint(
            "(proposal IS NULL) = (first_by IS NULL)",
            name=op.f("ck_rectification_order_proposed_by_somebody"),
        ),
        sa.CheckConstraint(
            "closing NOT IN ('explained', 'revoked')"
            " OR (first_by IS NOT NULL AND ended_by <> first_by AND ended_by <> issued_by)",
            name=op.f("ck_rectification_order_ended_by_another"),
        ),
        sa.CheckConstraint(
            "(closing = 'proof') = (proof_fact_id IS NOT NULL)",
            name=op.f("ck_rectification_order_proof_proves"),
        ),
        sa.CheckConstraint(
            "level BETWEEN 1 AND 3", name=op.f("ck_rectification_order_level_known")
        ),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["duty.id"], name=op.f("fk_rectification_order_duty_id_duty")
        ),
        sa.ForeignKeyConstraint(
            ["proof_fact_id"],
            ["publication_fact.id"],
            name=op.f("fk_rectification_order_proof_fact_id_publication_fact"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_order")),
        sa.UniqueConstraint("number", name=op.f("uq_rectification_order_number")),
    )
    op.create_index(
        "uq_rectification_order_open",
        "rectification_order",
        ["duty_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_rectification_order_duty_id", "rectification_order", ["duty_id"])
    op.create_index("ix_rectification_order_list", "rectification_order", ["due_on", "id"])
    op.create_index(
        "ix_rectification_order_unit_code", "rectification_order", ["unit_code", "due_on", "id"]
    )


def downgrade() -> None:
    for table in (
        "rectification_policy",
        "rectification_year",
        "rectification_step",
        "rectification_order",
    ):
        op.drop_table(table)
