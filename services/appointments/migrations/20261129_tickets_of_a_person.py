"""tickets of a person

Revision ID: tickets_of_a_person
Revises: visits_and_places
Create Date: 2026-11-29

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "tickets_of_a_person"
down_revision: str | Sequence[str] | None = "visits_and_places"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = ("citizen_key", "person_document", "person_phone")


def upgrade() -> None:
    """A ticket names its person as an appointment does: by one rule it is theirs to see."""
    op.add_column("ticket", sa.Column("citizen_key", sa.String(140), nullable=True))
    op.execute(
        "UPDATE ticket SET citizen_key = a.citizen_key, person_document = a.person_document,"
        " person_phone = a.person_phone FROM appointment a WHERE a.id = ticket.appointment_id"
    )
    op.execute(
        "UPDATE ticket SET citizen_key = 'sub:' || owner"
        " WHERE citizen_key IS NULL AND owner IS NOT NULL"
    )
    for column in _COLUMNS:
        op.create_index(
            f"ix_ticket_{column}",
            "ticket",
            [column, "id"],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def downgrade() -> None:
    """A ticket is found by its account and its appointment."""
    for column in _COLUMNS:
        op.drop_index(f"ix_ticket_{column}", table_name="ticket")
    op.drop_column("ticket", "citizen_key")
