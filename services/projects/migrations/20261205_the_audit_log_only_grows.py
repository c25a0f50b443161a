"""Nobody changes what was logged: a restore or a careless grant gives the service's role more.

Revision ID: audit_log_only_grows
Revises: rows_of_pages
Create Date: 2026-12-05

"""

from collections.abc import Sequence

from alembic import op

from shared.database import append_only

revision: str = "audit_log_only_grows"
down_revision: str | Sequence[str] | None = "rows_of_pages"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("audit_log", "audit_seal")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    append_only.protect(*TABLES)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    append_only.release(*TABLES)
