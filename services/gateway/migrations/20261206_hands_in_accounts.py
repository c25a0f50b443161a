"""hands in accounts: who had one in those that were there, ended sign-ins are found

Revision ID: hands_in_accounts
Revises: audit_log_only_grows
Create Date: 2026-12-06

"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = "hands_in_accounts"
down_revision: str | Sequence[str] | None = "audit_log_only_grows"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Accounts are read in pieces, and locked by id. Of one that was approved nothing counts that was
# done before; of an ordinary one only whose link its password was set by.
_PIECE = """
WITH next AS MATERIALIZED (
    SELECT id FROM account WHERE id > :after ORDER BY id LIMIT 2000
), locked AS MATERIALIZED (
    SELECT a.id FROM account a WHERE a.id IN (SELECT id FROM next) AND {unknown}
     ORDER BY a.id FOR NO KEY UPDATE
), known AS (
    UPDATE account a SET {known} FROM locked l WHERE a.id = l.id
)
SELECT (SELECT id FROM next ORDER BY id DESC LIMIT 1)
"""
_REMEMBER = _PIECE.format(
    unknown="""a.acted_by = '{}'
       AND (a.state = 'pending' OR NOT a.roles && '{admin,auditor,reviewer,supervisor}')""",
    known="""acted_by = ARRAY(
        SELECT DISTINCT act.by FROM (
            SELECT a.changed_by AS by WHERE a.state = 'pending'
            UNION ALL SELECT l.issued_by FROM password_link l
             WHERE l.account_id = a.id AND l.ended_because = 'used'
               AND (a.state = 'pending' OR NOT EXISTS (
                 SELECT 1 FROM password_link later WHERE later.account_id = a.id
                    AND later.ended_because = 'used' AND later.ended_at > l.ended_at))
        ) act WHERE act.by IS NOT NULL AND act.by <> 'operator' ORDER BY act.by)""",
)
# Whose link was never used has set no password; before there were links, all were given one.
_SET = _PIECE.format(
    unknown="""a.password_set_at IS NULL
       AND (NOT EXISTS (SELECT 1 FROM password_link l WHERE l.account_id = a.id)
         OR EXISTS (SELECT 1 FROM password_link l
                     WHERE l.account_id = a.id AND l.ended_because = 'used'))""",
    known="""password_set_at = coalesce(
        (SELECT max(l.ended_at) FROM password_link l
          WHERE l.account_id = a.id AND l.ended_because = 'used'), a.created_at)""",
)
# One account of a number: the older one. What its events said is still there.
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
     WHERE s.number IS NOT NULL ORDER BY s.number, i.account_id
)
UPDATE account_identity i SET id_number_index = f.number FROM firsts f
 WHERE i.account_id = f.id AND i.id_number_index IS NULL
   AND NOT EXISTS (SELECT 1 FROM account_identity x WHERE x.id_number_index = f.number)
"""
_SIGN_INS = "ix_sign_in_ended_at"
_NUMBERS = "uq_account_identity_id_number_index"


def upgrade() -> None:
    """What is known of the accounts that were there, some thousand at a time; nobody waits for it.

    It can be run again: what is known is passed over, and an index is made anew.
    """
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        for step in (_REMEMBER, _SET):
            after = UUID(int=0)
            while after is not None:
                after = connection.execute(sa.text(step), {"after": after}).scalar_one()
        op.execute(_INDEX)
        # It waits for whoever has begun before, and nobody waits for it.
        op.execute("SET lock_timeout = 0")
        _drop_indexes()
        ended = sa.text("ended_at IS NOT NULL")
        op.create_index(
            _SIGN_INS, "sign_in", ["ended_at"], postgresql_where=ended, postgresql_concurrently=True
        )
        op.create_index(
            _NUMBERS,
            "account_identity",
            ["id_number_index"],
            unique=True,
            postgresql_concurrently=True,
        )
        op.execute("RESET lock_timeout")
        op.execute(
            f"ALTER TABLE account_identity ADD CONSTRAINT {_NUMBERS} UNIQUE USING INDEX {_NUMBERS}"
        )


def downgrade() -> None:
    """What is known stays so until the columns go."""
    with op.get_context().autocommit_block():
        _drop_indexes()


def _drop_indexes() -> None:
    op.execute(f"ALTER TABLE account_identity DROP CONSTRAINT IF EXISTS {_NUMBERS}")
    for name, table in ((_NUMBERS, "account_identity"), (_SIGN_INS, "sign_in")):
        op.drop_index(name, table_name=table, if_exists=True, postgresql_concurrently=True)
