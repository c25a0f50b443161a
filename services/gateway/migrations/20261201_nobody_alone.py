"""nobody alone: who had a hand in an account, identities that wait, ended sign-ins are found

Revision ID: nobody_alone
Revises: password_links
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "nobody_alone"
down_revision: str | Sequence[str] | None = "password_links"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Of an account that was approved, or could be used without, nothing counts that was done before.
_REMEMBER = """
UPDATE account a SET acted_by = ARRAY(
    SELECT DISTINCT act.by FROM (
        SELECT a.changed_by AS by
        UNION ALL SELECT l.issued_by FROM password_link l
         WHERE l.account_id = a.id AND l.ended_because = 'used'
    ) act WHERE act.by IS NOT NULL AND act.by <> 'operator' ORDER BY act.by)
 WHERE a.state = 'pending' OR NOT a.roles && '{admin,auditor,reviewer,supervisor}'
"""
# Whose link was never used has set no password; before there were links, all were given one.
_SET = """
UPDATE account a SET password_set_at = coalesce(
    (SELECT max(l.ended_at) FROM password_link l
      WHERE l.account_id = a.id AND l.ended_because = 'used'), a.created_at)
 WHERE NOT EXISTS (SELECT 1 FROM password_link l WHERE l.account_id = a.id)
    OR EXISTS (SELECT 1 FROM password_link l
                WHERE l.account_id = a.id AND l.ended_because = 'used')
"""
# One account of a number: the first that was checked. What its events said is still there.
_INDEX = """
WITH said AS (
    SELECT DISTINCT ON (b.data ->> 'account_id')
           CAST(b.data ->> 'account_id' AS uuid) AS id, b.data ->> 'document_index' AS number
      FROM (SELECT position, convert_from(body, 'UTF8')::jsonb -> 'data' AS data FROM outbox
             WHERE subject = 'gateway.account.identified.v1._') b
     ORDER BY b.data ->> 'account_id', b.position DESC
), firsts AS (
    SELECT DISTINCT ON (s.number) s.id, s.number
      FROM said s JOIN account_identity i ON i.account_id = s.id
     WHERE s.number IS NOT NULL ORDER BY s.number, i.verified_at
)
UPDATE account_identity i SET id_number_index = f.number FROM firsts f WHERE i.account_id = f.id
"""


def upgrade() -> None:
    """Everybody who acted is kept, beside who acted last."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    names = postgresql.ARRAY(sa.Text())
    op.add_column("account", sa.Column("acted_by", names, server_default="{}", nullable=False))
    op.execute(_REMEMBER)
    op.add_column("account", sa.Column("password_set_at", sa.DateTime(timezone=True)))
    op.execute(_SET)
    ended = sa.text("ended_at IS NOT NULL")
    op.create_index("ix_sign_in_ended_at", "sign_in", ["ended_at"], postgresql_where=ended)
    op.add_column("account_identity", sa.Column("id_number_index", sa.String(64)))
    op.add_column("account_identity", sa.Column("approved_by", sa.String(128)))
    op.execute(_INDEX)
    unique = op.f("uq_account_identity_id_number_index")
    op.create_unique_constraint(unique, "account_identity", ["id_number_index"])
    op.create_table(
        "identity_proposal",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.String(), nullable=False),
        sa.Column("phone_sealed", sa.String(), nullable=True),
        sa.Column("id_number_sealed", sa.String(), nullable=True),
        sa.Column("id_number_index", sa.String(64), nullable=True),
        sa.Column("verified_by", sa.String(128), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_identity_proposal_account_id_account"),
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_identity_proposal")),
    )


def downgrade() -> None:
    """Who acted last is known still."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("identity_proposal")
    op.drop_index("ix_sign_in_ended_at", table_name="sign_in")
    op.drop_column("account_identity", "approved_by")
    op.drop_column("account_identity", "id_number_index")
    op.drop_column("account", "password_set_at")
    op.drop_column("account", "acted_by")
