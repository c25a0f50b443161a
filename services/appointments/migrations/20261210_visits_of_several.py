"""visits of several people and items

Revision ID: visits_of_several
Revises: five_ways
Create Date: 2026-12-10

"""

from collections.abc import Sequence

from alembic import op

revision: str = "visits_of_several"
down_revision: str | Sequence[str] | None = "five_ways"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = """
ALTER TABLE appointment ADD COLUMN IF NOT EXISTS party_id uuid,
  ADD COLUMN IF NOT EXISTS person_no integer NOT NULL DEFAULT 1,
  ADD COLUMN IF NOT EXISTS leg_no integer NOT NULL DEFAULT 1
"""
_PENDING = "ALTER TABLE ticket ADD COLUMN IF NOT EXISTS pending text[] NOT NULL DEFAULT '{}'"
_LIVE = "state IN ('held', 'confirmed', 'checked_in')"


def upgrade() -> None:
    """What one person books for one item is a visit of one leg, for the release before and this.

    The live index tells apart the people of a party; it is made anew beside the work, and the one
    before holds until then.
    """
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_COLUMNS)
    op.execute(_PENDING)
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        for name in ("ix_appointment_party", "uq_appointment_live_of_party"):
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_appointment_party ON appointment (party_id)"
            " WHERE party_id IS NOT NULL"
        )
        op.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY uq_appointment_live_of_party"
            f" ON appointment (citizen_key, item_code, on_date, person_no) WHERE {_LIVE}"
        )
        op.execute("RESET lock_timeout")
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP INDEX uq_appointment_live")
    op.execute("ALTER INDEX uq_appointment_live_of_party RENAME TO uq_appointment_live")


def downgrade() -> None:
    """Only once no party has several people for one item: the index before knows one a day."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP INDEX uq_appointment_live")
    op.execute(
        "CREATE UNIQUE INDEX uq_appointment_live ON appointment (citizen_key, item_code, on_date)"
        f" WHERE {_LIVE}"
    )
    op.execute("DROP INDEX ix_appointment_party")
    for column in ("party_id", "person_no", "leg_no"):
        op.drop_column("appointment", column)
    op.drop_column("ticket", "pending")
