"""reports of a period: the duties that fell due in it, frozen as they were counted; the scheme of
merits beside that of deductions, and groups of peers that places are given among

Revision ID: reports_of_periods
Revises: hosts_of_portals
Create Date: 2026-12-01

"""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.database import append_only

revision: str = "reports_of_periods"
down_revision: str | Sequence[str] | None = "hosts_of_portals"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEX = "ix_standing_due"
_CHECKS = {
    "period_kind_known": "period_kind IN ('day', 'month', 'quarter', 'year', 'since')",
    "period_whole": (
        "(period_kind = 'day') = (from_on IS NULL) AND (from_on IS NULL) = (to_on IS NULL)"
        " AND coalesce(from_on <= to_on, true)"
    ),
}

MERITS = {
    "early_bonus": 0.1,
    "late_from": 0.6,
    "late_least": 0.05,
    "withdrawn": 0.3,
    "too_early": 0.3,
    "trust_2": 0.9,
    "trust_1": 0.7,
    "least_share": 0.1,
}
BASIS = "得分制（缺省办法）：按时1分，提前最多另加0.1，逾期0.6起、每过一个期限减半，未公开不得分"


def upgrade() -> None:
    """The release before writes reports of days only, which the new columns say by themselves."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "report",
        sa.Column("period_kind", sa.String(16), nullable=False, server_default=sa.text("'day'")),
    )
    op.add_column("report", sa.Column("from_on", sa.Date(), nullable=True))
    op.add_column("report", sa.Column("to_on", sa.Date(), nullable=True))
    for name, check in _CHECKS.items():
        op.execute(f"ALTER TABLE report ADD CONSTRAINT ck_report_{name} CHECK ({check})")
    _frozen_duty()
    _report_signature()
    append_only.protect("frozen_duty", "report_signature")
    _merit_scheme()
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {_INDEX}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {_INDEX} ON standing (calendar_days, due_ord)"
            " INCLUDE (unit_code, verdict, over_by)"
        )
        op.execute("RESET lock_timeout")


def _frozen_duty() -> None:
    op.create_table(
        "frozen_duty",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("project_code", sa.String(24), nullable=True),
        sa.Column("item_code", sa.String(16), nullable=False),
        sa.Column("phase", sa.String(16), nullable=True),
        sa.Column("region", sa.String(16), nullable=False),
        sa.Column("trust", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("over_by", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("by_days", sa.Boolean(), nullable=False),
        sa.Column("limit_days", sa.Integer(), nullable=True),
        sa.Column("used_days", sa.Integer(), nullable=True),
        sa.Column("elements", sa.Integer(), nullable=False),
        sa.Column("missing_elements", sa.Integer(), nullable=False),
        sa.Column("fact_id", sa.BigInteger(), nullable=True),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["report.id"],
            name=op.f("fk_frozen_duty_report_id_report"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(["duty_id"], ["duty.id"], name=op.f("fk_frozen_duty_duty_id_duty")),
        sa.PrimaryKeyConstraint("report_id", "duty_id", name=op.f("pk_frozen_duty")),
    )

    op.create_index("ix_frozen_duty_unit", "frozen_duty", ["report_id", "unit_code", "duty_id"])


def _report_signature() -> None:
    op.create_table(
        "report_signature",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(100), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.String(100), nullable=False),
        sa.CheckConstraint(
            "signed_by <> made_by", name=op.f("ck_report_signature_signed_by_another")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_signature_report_id_report")
        ),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_report_signature")),
        sa.UniqueConstraint("year", "serial", name=op.f("uq_report_signature_year_serial")),
    )


def _merit_scheme() -> None:
    op.add_column(
        "score_scheme",
        sa.Column("peer_groups", JSONB(), nullable=False, server_default=sa.text("'{}'")),
    )
    op.create_table(
        "merit_scheme",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(300), nullable=False),
        sa.Column("weights", JSONB(), nullable=False),
        sa.Column("item_weights", JSONB(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_merit_scheme")),
    )
    op.execute(
        sa.text(
            "INSERT INTO merit_scheme (version, basis, weights, item_weights, in_force_from)"
            " VALUES (1, :basis, CAST(:weights AS jsonb), '{}', DATE '2004-01-01')"
        ).bindparams(basis=BASIS, weights=json.dumps(MERITS))
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("merit_scheme")
    op.drop_table("report_signature")
    op.drop_column("score_scheme", "peer_groups")
    op.execute(f"DROP INDEX IF EXISTS {_INDEX}")
    op.drop_table("frozen_duty")
    for name in _CHECKS:
        op.execute(f"ALTER TABLE report DROP CONSTRAINT IF EXISTS ck_report_{name}")
    for column in ("to_on", "from_on", "period_kind"):
        op.drop_column("report", column)
