"""what was done about clocks, ratings and orders is append only

Revision ID: append_only_handling
Revises: first_deadline_policies
Create Date: 2026-11-23 08:50:00
"""

from collections.abc import Sequence

from shared.database import append_only

revision: str = "append_only_handling"
down_revision: str | Sequence[str] | None = "first_deadline_policies"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

HISTORIES = (
    "deadline_change",
    "rating_amendment",
    "rating_revisit",
    "rating_step",
    "supervision_step",
)


def upgrade() -> None:
    """A figure is opened down to these rows, so none of them may ever change."""
    append_only.define()
    append_only.protect(*HISTORIES)


def downgrade() -> None:
    append_only.release(*HISTORIES)
    append_only.undefine()
