"""whether what is missing on a page was looked for, for what cannot be read lacks nothing by that;
of a file that was not asked for, why; and of a page, since when each try to read it failed

Revision ID: elements_judged
Revises: put_right_and_shown_everywhere
Create Date: 2026-12-27

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "elements_judged"
down_revision: str | Sequence[str] | None = "put_right_and_shown_everywhere"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """A release before ours writes no such column: what it could not read it found complete, so
    that of its facts nobody can tell."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "publication_fact",
        sa.Column("elements_judged", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.add_column("attachment", sa.Column("not_asked", sa.String(16)))
    op.add_column("portal_page", sa.Column("unread_since", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("portal_page", "unread_since")
    op.drop_column("attachment", "not_asked")
    op.drop_column("publication_fact", "elements_judged")
