"""what persons refused of pages, so that a page which says something else comes before them again

Revision ID: match_refusals
Revises: counted_by_the_database
Create Date: 2026-12-13

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "match_refusals"
down_revision: str | Sequence[str] | None = "counted_by_the_database"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What pages say today was refused of the pairs that are rejected: nothing else is known of them. Of
# a day that a page claimed and a person did not believe it is not even known which it was, for
# later ones were dropped: such a page comes before a person once more.
REJECTED = """
  INSERT INTO match_refusal (id, page_id, duty_id, claimed_on, formed_on, content_sha256,
    refused_at, refused_by)
  SELECT uuidv7(), m.page_id, m.duty_id,
         CASE WHEN r.is_read THEN (p.claimed_at AT TIME ZONE 'Asia/Shanghai')::date END,
         CASE WHEN r.is_read THEN p.formed_on END, CASE WHEN r.is_read THEN p.content_sha256 END,
         m.decided_at, coalesce(m.decided_by, '')
  FROM page_match m JOIN portal_page p ON p.id = m.page_id,
    LATERAL (SELECT p.gone_at IS NULL AND p.detail_state = 'read' AS is_read) r
  WHERE m.state = 'rejected'
    AND NOT EXISTS (SELECT FROM match_refusal x
      WHERE x.page_id = m.page_id AND x.duty_id = m.duty_id)
"""
REFUSED_CLAIMS = """
  UPDATE portal_page p SET match_wanted = true FROM (
    SELECT g.id FROM portal_page g
    WHERE g.id IN (SELECT page_id FROM page_match
                   WHERE state = 'accepted' AND reason = 'claim_refused') AND NOT g.match_wanted
    ORDER BY g.portal_id, g.url COLLATE "C" FOR NO KEY UPDATE) refused
  WHERE refused.id = p.id
"""


def upgrade() -> None:
    """It can be run again."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "match_refusal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("page_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_on", sa.Date(), nullable=True),
        sa.Column("formed_on", sa.Date(), nullable=True),
        sa.Column("content_sha256", sa.String(64), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused_by", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["duty.id"], name=op.f("fk_match_refusal_duty_id_duty")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_refusal")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_match_refusal_page_id_duty_id",
        "match_refusal",
        ["page_id", "duty_id"],
        if_not_exists=True,
    )
    # After the locks that the table's references take: all matches are looked through.
    with op.get_context().autocommit_block():
        op.execute(REJECTED)
        op.execute(REFUSED_CLAIMS)


def downgrade() -> None:
    op.drop_table("match_refusal")
