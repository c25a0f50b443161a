"""what was done about clocks, ratings and orders is append only

Revision ID: append_only_handling
Revises: first_deadline_policies
Create Date: 2026-11-23 08:50:00
"""

from collections.abc import Sequence

from alembic import op

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
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '% is append only', TG_TABLE_NAME"
        " USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    for table in HISTORIES:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in HISTORIES:
        op.execute(f"DROP TRIGGER append_only ON {table}")
