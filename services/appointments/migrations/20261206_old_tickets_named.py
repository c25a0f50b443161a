"""old tickets named

Revision ID: old_tickets_named
Revises: audit_log_only_grows
Create Date: 2026-12-06

"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = "old_tickets_named"
down_revision: str | Sequence[str] | None = "audit_log_only_grows"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = ("citizen_key", "person_document", "person_phone")

# Tickets are locked in the order of halls and ids, as by every job.
_STEP = sa.text("""
WITH next AS MATERIALIZED (
    SELECT id FROM ticket WHERE id > :after ORDER BY id LIMIT 2000
), locked AS MATERIALIZED (
    SELECT t.id, t.appointment_id FROM ticket t
     WHERE t.id IN (SELECT id FROM next) AND t.citizen_key IS NULL
       AND (t.owner IS NOT NULL OR t.appointment_id IS NOT NULL)
     ORDER BY t.hall_code, t.id FOR NO KEY UPDATE
), named AS (
    UPDATE ticket t
       SET citizen_key = coalesce(a.citizen_key, 'sub:' || t.owner),
           person_document = CASE WHEN a.id IS NULL THEN t.person_document
                                  ELSE a.person_document END,
           person_phone = CASE WHEN a.id IS NULL THEN t.person_phone ELSE a.person_phone END
      FROM locked l LEFT JOIN appointment a ON a.id = l.appointment_id
     WHERE t.id = l.id
)
SELECT (SELECT id FROM next ORDER BY id DESC LIMIT 1)
""")


def upgrade() -> None:
    """Some thousand tickets at a time, and indexes beside the work of the halls.

    It can be run again: what has its key is passed over, and an index is made anew.
    """
    with op.get_context().autocommit_block():
        connection, after = op.get_bind(), UUID(int=0)
        while after is not None:
            after = connection.execute(_STEP, {"after": after}).scalar_one()
        # It waits for whoever has begun before, and nobody waits for it.
        op.execute("SET lock_timeout = 0")
        _drop_indexes()
        for column in _COLUMNS:
            op.create_index(
                f"ix_ticket_{column}",
                "ticket",
                [column, "id"],
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
                postgresql_concurrently=True,
            )
        op.execute("RESET lock_timeout")


def downgrade() -> None:
    """What is named stays so until the column goes."""
    with op.get_context().autocommit_block():
        _drop_indexes()


def _drop_indexes() -> None:
    for column in _COLUMNS:
        op.drop_index(
            f"ix_ticket_{column}", table_name="ticket", if_exists=True, postgresql_concurrently=True
        )
