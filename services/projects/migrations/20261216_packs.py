"""packs of disclosure are switched on for units; a unit that becomes part of another

Revision ID: packs
Revises: subjects
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "packs"
down_revision: str | Sequence[str] | None = "subjects"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """It can be run again."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "pack_use",
        sa.Column("pack_code", sa.String(32), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("item_codes", JSONB, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(100), nullable=False),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_pack_use_valid_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["unit_code"],
            ["responsible_unit.code"],
            name=op.f("fk_pack_use_unit_code_responsible_unit"),
        ),
        sa.PrimaryKeyConstraint("pack_code", "unit_code", name=op.f("pk_pack_use")),
        if_not_exists=True,
    )
    op.create_index("ix_pack_use_unit_code", "pack_use", ["unit_code"], if_not_exists=True)
    unit = "responsible_unit.code"
    op.create_table(
        "unit_merger",
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("successor_code", sa.String(32), nullable=False),
        sa.Column("merged_on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("taken_over", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(100), nullable=False),
        sa.CheckConstraint("unit_code <> successor_code", name=op.f("ck_unit_merger_into_another")),
        sa.ForeignKeyConstraint(
            ["unit_code"], [unit], name=op.f("fk_unit_merger_unit_code_responsible_unit")
        ),
        sa.ForeignKeyConstraint(
            ["successor_code"], [unit], name=op.f("fk_unit_merger_successor_code_responsible_unit")
        ),
        sa.PrimaryKeyConstraint("unit_code", name=op.f("pk_unit_merger")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_unit_merger_successor_code", "unit_merger", ["successor_code"], if_not_exists=True
    )


def downgrade() -> None:
    op.drop_table("unit_merger")
    op.drop_table("pack_use")
