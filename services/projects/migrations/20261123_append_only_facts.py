"""What was observed, what happened and what was judged is never changed, whoever tries.

Revision ID: append_only_facts
Revises: reference
"""

from shared.database import append_only

revision: str = "append_only_facts"
down_revision: str | None = "reference"
branch_labels: str | None = None
depends_on: str | None = None

TABLES = (
    "trigger_event",
    "publication_fact",
    "full_walk",
    "duty_ruling",
    "verdict_event",
    "report",
)


def upgrade() -> None:
    append_only.define(words="append-only", code="restrict_violation")
    append_only.protect(*TABLES)


def downgrade() -> None:
    append_only.release(*TABLES)
    append_only.undefine()
