"""duties without a project, about a subject of another kind; duties that go with another one

Revision ID: subjects
Revises: clocks
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "subjects"
down_revision: str | Sequence[str] | None = "clocks"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("trigger_event", "duty")
UNIQUE = "project_code, item_code, unit_code, kind, occurred_on, doc_no"
FOLLOWS = "CREATE INDEX CONCURRENTLY ix_duty_follows_id ON duty (follows_id)"


def upgrade() -> None:
    """It can be run again. A release before ours knows no subject, and writes a project always.

    An event is unique under the name by which that release knows it: the wider index takes the
    place of the narrower one in one step, and nobody is let in between.
    """
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table in TABLES:
        op.add_column(table, sa.Column("subject", sa.String(200)), if_not_exists=True)
        op.alter_column(table, "project_code", nullable=True)
    op.add_column("duty", sa.Column("follows_id", sa.Uuid()), if_not_exists=True)
    op.execute("ALTER TABLE duty DROP CONSTRAINT IF EXISTS ck_duty_is_about")
    op.execute(
        "ALTER TABLE duty ADD CONSTRAINT ck_duty_is_about"
        " CHECK (project_code IS NOT NULL OR subject IS NOT NULL) NOT VALID"
    )
    op.execute("ALTER TABLE duty DROP CONSTRAINT IF EXISTS fk_duty_follows_id_duty")
    op.execute(
        "ALTER TABLE duty ADD CONSTRAINT fk_duty_follows_id_duty"
        " FOREIGN KEY (follows_id) REFERENCES duty (id) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute("ALTER TABLE duty VALIDATE CONSTRAINT ck_duty_is_about")
        op.execute("ALTER TABLE duty VALIDATE CONSTRAINT fk_duty_follows_id_duty")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_duty_follows_id")
        op.execute(f"{FOLLOWS} WHERE follows_id IS NOT NULL")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_trigger_event_wider")
        op.execute(
            f"CREATE UNIQUE INDEX CONCURRENTLY uq_trigger_event_wider ON trigger_event ({UNIQUE},"
            " subject) NULLS NOT DISTINCT"
        )
        op.execute("RESET lock_timeout")
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute(
        "ALTER TABLE trigger_event DROP CONSTRAINT IF EXISTS uq_trigger_event_fact,"
        " ADD CONSTRAINT uq_trigger_event_fact UNIQUE USING INDEX uq_trigger_event_wider"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("ALTER TABLE trigger_event DROP CONSTRAINT uq_trigger_event_fact")
    op.execute(
        "ALTER TABLE trigger_event ADD CONSTRAINT uq_trigger_event_fact"
        f" UNIQUE NULLS NOT DISTINCT ({UNIQUE})"
    )
    op.execute("DROP INDEX IF EXISTS ix_duty_follows_id")
    op.drop_column("duty", "follows_id")
    op.execute("ALTER TABLE duty DROP CONSTRAINT ck_duty_is_about")
    for table in TABLES:
        op.drop_column(table, "subject")
        op.alter_column(table, "project_code", nullable=False)
