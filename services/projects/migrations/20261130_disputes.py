"""A dispute about a finding is a case with a term and a decider, and moves nothing by itself; the
scheme says what places and lights go by.

Revision ID: disputes
Revises: proofs_of_absence
"""

import json

import sqlalchemy as sa
from alembic import op

from shared.database import append_only

revision: str = "disputes"
down_revision: str | None = "proofs_of_absence"
branch_labels: str | None = None
depends_on: str | None = None


POLICY = {"min_n": 5, "min_coverage": 0.5, "green_from": 0.9, "yellow_from": 0.75}


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("disputed_verdict", sa.String(20), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(100), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("decision", sa.String(500), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(100), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'upheld', 'rejected')", name=op.f("ck_dispute_state_known")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL) AND (state = 'open') = (decided_by IS NULL)"
            " AND (state = 'open') = (decision IS NULL)",
            name=op.f("ck_dispute_decided_or_open"),
        ),
        sa.CheckConstraint("decided_by <> opened_by", name=op.f("ck_dispute_decided_by_another")),
        sa.ForeignKeyConstraint(["duty_id"], ["duty.id"], name=op.f("fk_dispute_duty_id_duty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
    )
    op.create_index(
        "uq_dispute_open",
        "dispute",
        ["duty_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_dispute_duty_id", "dispute", ["duty_id"])
    op.create_index("ix_dispute_unit_code_id", "dispute", ["unit_code", "id"])
    op.create_table(
        "past_judgement",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("over_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("fact_id", sa.BigInteger(), nullable=True),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["report.id"],
            name=op.f("fk_past_judgement_report_id_report"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["duty.id"], name=op.f("fk_past_judgement_duty_id_duty")
        ),
        sa.PrimaryKeyConstraint("report_id", "duty_id", name=op.f("pk_past_judgement")),
    )
    op.create_table(
        "report_withdrawal",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_withdrawal_report_id_report")
        ),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_report_withdrawal")),
    )
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "standing",
        sa.Column("has_clock", sa.Boolean(), nullable=False, server_default=sa.text("true")),
    )
    op.add_column(
        "responsible_unit",
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
    )
    op.execute(
        "UPDATE standing s SET has_clock = false FROM duty d"
        " WHERE d.id = s.duty_id AND d.rule_kind = 'none'"
    )
    append_only.protect("past_judgement", "report_withdrawal")
    op.execute(
        sa.text(
            "INSERT INTO score_scheme (version, basis, weights, in_force_from)"
            " SELECT version + 1, basis || '；排名和灯看按时÷应公开，"
            "结论已知少于5项或不到一半的不排',"
            " weights || CAST(:policy AS jsonb), in_force_from"
            " FROM score_scheme ORDER BY version DESC LIMIT 1"
        ).bindparams(policy=json.dumps(POLICY))
    )


def downgrade() -> None:
    op.execute("DELETE FROM score_scheme WHERE weights ? 'min_n'")
    op.drop_column("responsible_unit", "version")
    op.drop_column("standing", "has_clock")
    op.drop_table("report_withdrawal")
    op.drop_table("past_judgement")
    op.drop_index("ix_dispute_unit_code_id", table_name="dispute")
    op.drop_index("ix_dispute_duty_id", table_name="dispute")
    op.drop_index("uq_dispute_open", table_name="dispute")
    op.drop_table("dispute")
