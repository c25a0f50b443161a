"""clocks of every kind: a rule as data, the ends it comes down to, how long a publication stays

Revision ID: clocks
Revises: match_refusals
Create Date: 2026-12-01

"""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.projects.catalogue import rules

revision: str = "clocks"
down_revision: str | Sequence[str] | None = "match_refusals"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CATALOGUE = Path(__file__).parent.parent / "data" / "disclosure_catalogue.csv"
COLUMNS = (
    ("catalogue_item", "clock", JSONB),
    ("duty", "rule", JSONB),
    ("duty", "ends", JSONB),
    ("standing", "keep", sa.String(16)),
    ("standing", "stay_least_day", sa.Integer),
    ("standing", "stay_most_day", sa.Integer),
    ("standing", "stayed_day", sa.Integer),
    ("standing", "gone_day", sa.Integer),
)
DISPLAYS = "reason IN ('on_display', 'display_not_checked')"
INDEXES = (
    ("ix_standing_on_display", f"standing (reason, stay_most_day) WHERE {DISPLAYS}"),
    ("ix_duty_ends", "duty (id) WHERE ends IS NOT NULL"),
)


def upgrade() -> None:
    """It can be run again."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table, name, kind in COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True), if_not_exists=True)
    _clocks_of_a_new_city()
    with op.get_context().autocommit_block():
        for name, what in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")


def _clocks_of_a_new_city() -> None:
    """The clocks of the catalogue that came with the tables, where nobody works with it yet.

    Anywhere else it is taken over anew by an administrator (`POST /catalogue:import`) once no
    release before this one is at work, which could not read duties with such clocks.
    """
    with CATALOGUE.open(encoding="utf-8-sig", newline="") as lines:
        items = {item.item_code: item.clock for item in rules.read(lines) if item.clock}
    item = sa.table(
        "catalogue_item", sa.column("item_code"), sa.column("clock", JSONB), sa.column("version")
    )
    for code, clock in items.items():
        op.execute(
            item.update()
            .where(item.c.item_code == code, item.c.version == 1)
            .where(sa.text("NOT EXISTS (SELECT FROM duty)"))
            .values(clock=clock)
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for name, _ in INDEXES:
        op.execute(f"DROP INDEX IF EXISTS {name}")
    for table, name, _ in COLUMNS:
        op.drop_column(table, name)
