"""histograms are packed, so that those of a year are added up at once

Revision ID: histograms_add_up
Revises: ratings_are_counted
Create Date: 2026-12-15

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "histograms_add_up"
down_revision: str | Sequence[str] | None = "ratings_are_counted"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = {"hall_tally": "WHEN (NEW.grouping = 'hall')", "hall_month_tally": ""}
"""And of which rows; by item or window, the days of a month are many and hold few people each."""
_COLUMNS = ("waits_packed", "services_packed")
_OF = "waits, waits_n, services, services_n"

# The largest value first, eight digits each; between two values, so many of which there are none.
_PACKED = """
CREATE FUNCTION packed_histogram(steps int[], counts int[]) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(lpad(n::text, 8, '0') || repeat('0', 8 * (step - below - 1)), ''
        ORDER BY step DESC)::numeric
    FROM (
        SELECT step, sum(n) AS n, lag(step, 1, -1) OVER (ORDER BY step) AS below
        FROM (SELECT least(greatest(u.step, 0), 16000) AS step, u.n
            FROM unnest(steps, counts) AS u (step, n)) bounded
        GROUP BY step
    ) placed
$$"""
_PACK = """
CREATE FUNCTION pack_hall_histograms() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.waits_packed := coalesce(packed_histogram(NEW.waits, NEW.waits_n), 0);
    NEW.services_packed := coalesce(packed_histogram(NEW.services, NEW.services_n), 0);
    RETURN NEW;
END $$"""


def upgrade() -> None:
    op.execute(_PACKED)
    op.execute(_PACK)
    for table, which in TABLES.items():
        for column in _COLUMNS:
            op.add_column(table, sa.Column(column, sa.Numeric(), nullable=True))
            # In the row, where a year of them is read.
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE MAIN")
        # Also of what the release before writes.
        op.execute(
            f"CREATE TRIGGER pack_histograms BEFORE INSERT OR UPDATE OF {_OF} ON {table}"
            f" FOR EACH ROW {which} EXECUTE FUNCTION pack_hall_histograms()"
        )
    op.execute("UPDATE hall_month_tally SET waits = waits")
    # Takes the months out of use until the job has added them up again, by the same days.
    op.execute("UPDATE hall_tally SET waits = waits WHERE grouping = 'hall'")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER pack_histograms ON {table}")
        for column in _COLUMNS:
            op.drop_column(table, column)
    op.execute("DROP FUNCTION pack_hall_histograms()")
    op.execute("DROP FUNCTION packed_histogram(int[], int[])")
