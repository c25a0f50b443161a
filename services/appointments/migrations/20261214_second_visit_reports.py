"""reports on second visits are made, signed and kept

Revision ID: second_visit_reports
Revises: areas_and_months
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "second_visit_reports"
down_revision: str | Sequence[str] | None = "areas_and_months"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MOMENT = sa.DateTime(timezone=True)
_SIGNED = (
    *("hall_code", "year", "serial", "from_on", "to_on", "edition", "content", "measures"),
    *("made_by", "made_at", "signed_by", "signed_name", "signed_at", "sha256"),
)


def upgrade() -> None:
    op.create_table(
        "second_visit_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("measures", JSONB(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("signed_by", sa.String(length=128), nullable=True),
        sa.Column("signed_name", sa.String(length=128), nullable=True),
        sa.Column("signed_at", _MOMENT, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=128), nullable=True),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        sa.Column("withdrawal_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'signed', 'withdrawn')",
            name=op.f("ck_second_visit_report_state_known"),
        ),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_second_visit_report_days_in_order")),
        sa.CheckConstraint(
            "(sha256 IS NULL) = (signed_at IS NULL) AND (state <> 'signed' OR sha256 IS NOT NULL)",
            name=op.f("ck_second_visit_report_signed_has_its_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["hall_code"], ["hall.code"], name=op.f("fk_second_visit_report_hall_code_hall")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_visit_report")),
        sa.UniqueConstraint("hall_code", "year", "serial", name="uq_second_visit_report_number"),
        sa.UniqueConstraint(
            "hall_code", "from_on", "to_on", "edition", name="uq_second_visit_report_edition"
        ),
    )
    op.create_index(
        "uq_second_visit_report_signed",
        "second_visit_report",
        ["hall_code", "from_on", "to_on"],
        unique=True,
        postgresql_where=sa.text("state = 'signed'"),
    )
    _keep_what_was_signed()


def _keep_what_was_signed() -> None:
    """Whoever tries, the owner included; whether it is withdrawn may still change."""
    old, new = (", ".join(f"{row}.{name}" for name in _SIGNED) for row in ("OLD", "NEW"))
    for change, when in (
        ("UPDATE", f"OLD.state <> 'draft' AND ({old}) IS DISTINCT FROM ({new})"),
        ("DELETE", "OLD.state <> 'draft'"),
    ):
        op.execute(
            f"CREATE TRIGGER signed_stays_{change.lower()} BEFORE {change} ON second_visit_report"
            f" FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("second_visit_report")
