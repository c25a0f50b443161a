"""rulings on what is late, and withdrawals of signed reports, by two persons; scores that are
published stand in rows; by how many days something was over when it was ordered to be put right

Revision ID: by_two_persons
Revises: units_and_packs
Create Date: 2026-12-27

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.database import append_only

revision: str = "by_two_persons"
down_revision: str | Sequence[str] | None = "units_and_packs"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ANOTHER = "ck_exemption_request_decided_by_another"
_CHECKS = {
    "kind_known": "kind IN ('exempt', 'dispute', 'extend', 'suspend', 'restore')",
    "decided_by_another": "decided_by <> asked_by OR withdrawn_at IS NOT NULL",
    "withdrawn_by_who_asked": (
        "withdrawn_at IS NULL OR state = 'refused' AND decided_by = asked_by"
    ),
    "days_of_extension": "(kind = 'extend') = (days IS NOT NULL)",
    "carried_out": "kind = 'exempt' OR (state = 'granted') = (ruling_id IS NOT NULL)",
}
# The lines of units in a report that was signed, whichever release signs it.
_LINES = """
  SELECT g.report_id, line ->> 'unit', g.year, g.serial, line
  FROM {signatures} g JOIN report r ON r.id = g.report_id
  CROSS JOIN LATERAL jsonb_array_elements(convert_from(r.body, 'UTF8')::jsonb -> 'units') line"""
_INTO = "INSERT INTO published_score (report_id, unit_code, year, serial, line)"


def upgrade() -> None:
    """The release before asks for exemptions alone, and grants no other kind: `carried_out`."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("frozen_duty", sa.Column("over_then", sa.Integer(), nullable=True))
    _rulings_of_two()
    _report_step()
    _published_score()


def _rulings_of_two() -> None:
    table = "exemption_request"
    op.add_column(
        table, sa.Column("kind", sa.String(16), nullable=False, server_default=sa.text("'exempt'"))
    )
    op.add_column(table, sa.Column("days", sa.Integer(), nullable=True))
    op.add_column(table, sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(table, sa.Column("ruling_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "fk_exemption_request_ruling_id_duty_ruling", table, "duty_ruling", ["ruling_id"], ["id"]
    )
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {_ANOTHER}")
    for name, check in _CHECKS.items():
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({check})")


def _report_step() -> None:
    op.create_table(
        "report_step",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.CheckConstraint(
            "kind IN ('signed', 'withdrawal_proposed', 'withdrawn')",
            name=op.f("ck_report_step_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_step_report_id_report")
        ),
        sa.PrimaryKeyConstraint("report_id", "place", name=op.f("pk_report_step")),
    )
    append_only.protect("report_step")


def _published_score() -> None:
    op.create_table(
        "published_score",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("line", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_published_score_report_id_report")
        ),
        sa.PrimaryKeyConstraint("report_id", "unit_code", name=op.f("pk_published_score")),
    )
    op.create_index("ix_published_score_unit", "published_score", ["unit_code", "year", "serial"])
    append_only.protect("published_score")
    op.execute(
        "CREATE FUNCTION publish_scores() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" {_INTO} {_LINES.format(signatures='signed')}; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER publish_scores AFTER INSERT ON report_signature"
        " REFERENCING NEW TABLE AS signed FOR EACH STATEMENT EXECUTE FUNCTION publish_scores()"
    )
    op.execute(f"{_INTO} {_LINES.format(signatures='report_signature')}")


def downgrade() -> None:
    """What another release would take for exemptions is given up: it grants none of it."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("DROP TRIGGER publish_scores ON report_signature")
    op.execute("DROP FUNCTION publish_scores()")
    op.drop_table("published_score")
    op.drop_table("report_step")
    table = "exemption_request"
    op.execute(f"DELETE FROM {table} WHERE kind <> 'exempt' OR withdrawn_at IS NOT NULL")
    for name in _CHECKS:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {_ANOTHER} CHECK (decided_by <> asked_by)")
    op.drop_constraint("fk_exemption_request_ruling_id_duty_ruling", table)
    for column in ("ruling_id", "withdrawn_at", "days", "kind"):
        op.drop_column(table, column)
    op.drop_column("frozen_duty", "over_then")
