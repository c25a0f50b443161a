"""What was observed, what happened and what was judged is never changed, whoever tries.

Revision ID: append_only_facts
Revises: reference
"""

import sqlalchemy as sa
from alembic import op

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
    op.execute(
        sa.text(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME"
            " USING ERRCODE = 'restrict_violation'; END $$"
        )
    )
    for table in TABLES:
        op.execute(
            sa.text(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(sa.text(f"DROP TRIGGER append_only ON {table}"))
    op.execute(sa.text("DROP FUNCTION refuse_change()"))
