"""who was visited or registered is forgotten, and nobody learns it by typing a number

Revision ID: outreach_forgets
Revises: the_floor
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "outreach_forgets"
down_revision: str | Sequence[str] | None = "the_floor"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The tables of the outreach come with this release: nobody has asked or registered yet."""
    for column in ("name_sealed", "phone_sealed", "address_sealed"):
        op.alter_column("outreach_visit", column, nullable=True)
    op.create_index(
        "ix_outreach_visit_known",
        "outreach_visit",
        ["ended_at"],
        postgresql_where=sa.text("name_sealed IS NOT NULL"),
    )
    op.drop_index("uq_outreach_registration_live", table_name="outreach_registration")
    op.create_index(
        "uq_outreach_registration_phone",
        "outreach_registration",
        ["event_id", "phone_index"],
        unique=True,
        postgresql_where=sa.text("owner IS NULL AND state <> 'cancelled'"),
    )


def downgrade() -> None:
    op.drop_index("uq_outreach_registration_phone", table_name="outreach_registration")
    op.create_index(
        "uq_outreach_registration_live",
        "outreach_registration",
        ["event_id", "phone_index"],
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    )
    op.drop_index("ix_outreach_visit_known", table_name="outreach_visit")
    for column in ("name_sealed", "phone_sealed", "address_sealed"):
        op.alter_column("outreach_visit", column, nullable=False)
