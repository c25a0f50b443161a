"""what was called absent by one walk alone, before two that agree were asked for, is set aside

Revision ID: absences_set_aside
Revises: walks_are_noted
Create Date: 2026-12-10

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "absences_set_aside"
down_revision: str | Sequence[str] | None = "walks_are_noted"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Facts are never changed, so what is wrong with one stands beside it. Its absence began with a walk
# that this release would take for no proof: of a list that did not say how long it is, or that was
# not read again. The pages and portals themselves were opened again before (`open_again`).
SET_ASIDE = """
  INSERT INTO absence_set_aside (fact_id, duty_id, set_aside_at)
  SELECT f.id, f.duty_id, now() FROM publication_fact f
  WHERE f.last_absent_at IN (SELECT started_at FROM collector_run)
    AND f.last_absent_at NOT IN (
      SELECT r.started_at FROM collector_run r JOIN portal_rule k
        ON k.portal_id = r.portal_id AND k.version = r.rule_version
      WHERE r.proves_absence AND r.list_marks <> '[]' AND r.started_at IS NOT NULL
        AND (r.declared_pages IS NOT NULL OR coalesce(k.rule #>> '{pager,kind}', 'none') = 'none'))
  ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """It can be run again."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "absence_set_aside",
        sa.Column("fact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_judged", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(
            ["fact_id"],
            ["publication_fact.id"],
            name=op.f("fk_absence_set_aside_fact_id_publication_fact"),
        ),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["duty.id"], name=op.f("fk_absence_set_aside_duty_id_duty")
        ),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_absence_set_aside")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_absence_set_aside_waiting",
        "absence_set_aside",
        ["duty_id"],
        postgresql_where=sa.text("NOT is_judged"),
        if_not_exists=True,
    )
    # After the locks that the table's references take: all facts are looked through.
    with op.get_context().autocommit_block():
        op.execute(SET_ASIDE)


def downgrade() -> None:
    op.drop_table("absence_set_aside")
