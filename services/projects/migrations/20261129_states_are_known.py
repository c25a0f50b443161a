"""The database refuses a state that the tables of the workflows do not know.

Revision ID: states_are_known
Revises: kept_tallies
"""

from alembic import op

revision: str = "states_are_known"
down_revision: str | None = "kept_tallies"
branch_labels: str | None = None
depends_on: str | None = None

KNOWN = (
    ("duty", "hold", ("none", "exempt", "disputed", "suspended", "not_applicable")),
    ("page_match", "state", ("review", "accepted", "rejected")),
    ("portal", "health", ("unknown", "up", "down")),
    ("collector_run", "state", ("queued", "running", "finished", "failed")),
    ("portal_page", "detail_state", ("pending", "read", "unreadable", "gone", "elsewhere")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table, column, states in KNOWN:
        listed = ", ".join(f"'{state}'" for state in states)
        # NOT VALID, or the rows would be read under a lock that keeps everybody out: the next
        # migration reads them.
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {_name(table, column)}"
            f" CHECK ({column} IN ({listed})) NOT VALID"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table, column, _ in reversed(KNOWN):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {_name(table, column)}")


def _name(table: str, column: str) -> str:
    return f"ck_{table}_{column}_known"
