"""who stands for a unit that has merged, the region of a unit, until when its periods are made, and
packs that are worded here

Revision ID: units_and_packs
Revises: terms_of_auditors
Create Date: 2026-12-27

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "units_and_packs"
down_revision: str | Sequence[str] | None = "terms_of_auditors"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SUCCESSORS = """
WITH RECURSIVE heir (unit_code, successor_code) AS (
  SELECT unit_code, successor_code FROM unit_merger
  UNION
  SELECT h.unit_code, m.successor_code FROM heir h JOIN unit_merger m
    ON m.unit_code = h.successor_code)
UPDATE responsible_unit u SET successor_code = h.successor_code FROM heir h
WHERE u.code = h.unit_code
  AND NOT EXISTS (SELECT FROM unit_merger m WHERE m.unit_code = h.successor_code)"""
"""Of mergers recorded before: a chain of them ends at the unit that is there."""

PLACES = """
UPDATE {table} t SET {column} = u.successor_code, version = t.version + 1{besides}
FROM responsible_unit u WHERE u.code = t.{column} AND u.successor_code IS NOT NULL"""

CHECKS = """
UPDATE disclosure_check c SET unit_code = u.successor_code
FROM responsible_unit u WHERE u.code = c.unit_code AND u.successor_code IS NOT NULL"""


def upgrade() -> None:
    """What was published on the columns of a unit that merged before is looked for by its
    successor from now on."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("responsible_unit", sa.Column("successor_code", sa.String(32), nullable=True))
    op.create_foreign_key(
        op.f("fk_responsible_unit_successor_code_responsible_unit"),
        *("responsible_unit", "responsible_unit", ["successor_code"], ["code"]),
    )
    op.create_index(
        "ix_responsible_unit_successor_code",
        *("responsible_unit", ["successor_code"]),
        postgresql_where=sa.text("successor_code IS NOT NULL"),
    )
    op.add_column(
        "responsible_unit",
        sa.Column("region", sa.String(16), server_default="CN", nullable=False),
    )
    op.create_foreign_key(
        op.f("fk_responsible_unit_region_region"),
        *("responsible_unit", "region", ["region"], ["code"]),
    )
    op.add_column("pack_use", sa.Column("taken_over", JSONB(), server_default="[]", nullable=False))
    op.add_column("pack_use", sa.Column("made_until", sa.Date(), nullable=True))
    op.add_column("pack_use", sa.Column("made_by", sa.Integer(), nullable=True))
    _pack_versions()
    op.execute(SUCCESSORS)
    op.execute(PLACES.format(table="portal", column="unit_code", besides=", match_wanted = true"))
    op.execute(PLACES.format(table="carrier", column="unit_code", besides=""))
    op.execute(PLACES.format(table="project", column="lead_unit_code", besides=""))
    op.execute(PLACES.format(table="page_match", column="unit_code", besides=""))
    op.execute(CHECKS)


def _pack_versions() -> None:
    op.create_table(
        "pack_version",
        sa.Column("pack_code", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("items", JSONB, nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("authors", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(100), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'adopted', 'dropped')", name=op.f("ck_pack_version_state_known")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_pack_version_number_positive")),
        sa.CheckConstraint(
            "(state = 'draft') = (decided_at IS NULL)",
            name=op.f("ck_pack_version_decided_or_draft"),
        ),
        sa.CheckConstraint(
            "state <> 'adopted' OR NOT jsonb_exists(authors, decided_by)",
            name=op.f("ck_pack_version_adopted_by_another"),
        ),
        sa.PrimaryKeyConstraint("pack_code", "number", name=op.f("pk_pack_version")),
    )
    op.create_index(
        "uq_pack_version_draft",
        *("pack_version", ["pack_code"]),
        unique=True,
        postgresql_where=sa.text("state = 'draft'"),
    )


def downgrade() -> None:
    """What has moved to a successor stays there."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("pack_version")
    for name in ("made_by", "made_until", "taken_over"):
        op.drop_column("pack_use", name)
    op.drop_constraint(op.f("fk_responsible_unit_region_region"), "responsible_unit")
    op.drop_column("responsible_unit", "region")
    op.drop_index("ix_responsible_unit_successor_code", "responsible_unit")
    op.drop_constraint(
        op.f("fk_responsible_unit_successor_code_responsible_unit"), "responsible_unit"
    )
    op.drop_column("responsible_unit", "successor_code")
