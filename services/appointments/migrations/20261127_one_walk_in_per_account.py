"""one walk-in per account

Revision ID: one_walk_in
Revises: checked_in
Create Date: 2026-11-27

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "one_walk_in"
down_revision: str | Sequence[str] | None = "checked_in"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ALIVE = "state <> ALL ('{transferred,done,abandoned,closed}')"


def upgrade() -> None:
    """A proof holds one place in a hall whatever the day, an account one for what it comes for.

    Where tickets stand against that now, the newest keeps the proof or the account.
    """
    _let_go_of("evidence_index", "evidence_index")
    _let_go_of("owner", "owner, item_code", "AND appointment_id IS NULL")
    op.drop_index("uq_ticket_live_evidence", table_name="ticket")
    op.create_index(
        "uq_ticket_live_evidence",
        "ticket",
        ["hall_code", "evidence_index"],
        unique=True,
        postgresql_where=sa.text(f"evidence_index IS NOT NULL AND {ALIVE}"),
    )
    op.create_index(
        "uq_ticket_live_owner",
        "ticket",
        ["owner", "hall_code", "item_code"],
        unique=True,
        postgresql_where=sa.text(f"owner IS NOT NULL AND appointment_id IS NULL AND {ALIVE}"),
    )


def downgrade() -> None:
    """A proof holds one place a day again, an account any number."""
    op.drop_index("uq_ticket_live_owner", table_name="ticket")
    op.drop_index("uq_ticket_live_evidence", table_name="ticket")
    op.create_index(
        "uq_ticket_live_evidence",
        "ticket",
        ["hall_code", "service_day", "evidence_index"],
        unique=True,
        postgresql_where=sa.text(f"evidence_index IS NOT NULL AND {ALIVE}"),
    )


def _let_go_of(column: str, same: str, more: str = "") -> None:
    op.execute(
        f"UPDATE ticket SET {column} = NULL WHERE id IN (SELECT id FROM (SELECT id, row_number()"
        f" OVER (PARTITION BY hall_code, {same} ORDER BY id DESC) AS place FROM ticket"
        f" WHERE {column} IS NOT NULL {more} AND {ALIVE}) ranked WHERE place > 1)"
    )
