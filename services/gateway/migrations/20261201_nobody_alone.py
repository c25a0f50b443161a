"""nobody alone: who had a hand in an account

Revision ID: nobody_alone
Revises: password_links
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "nobody_alone"
down_revision: str | Sequence[str] | None = "password_links"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Of an account that was approved, or could be used without, nothing counts that was done before.
_REMEMBER = """
UPDATE account a SET acted_by = ARRAY(
    SELECT DISTINCT act.by FROM (
        SELECT a.changed_by AS by
        UNION ALL SELECT l.issued_by FROM password_link l
         WHERE l.account_id = a.id AND l.ended_because = 'used'
    ) act WHERE act.by IS NOT NULL AND act.by <> 'operator' ORDER BY act.by)
 WHERE a.state = 'pending' OR NOT a.roles && '{admin,auditor,reviewer,supervisor}'
"""


def upgrade() -> None:
    """Everybody who acted is kept, beside who acted last."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    names = postgresql.ARRAY(sa.Text())
    op.add_column("account", sa.Column("acted_by", names, server_default="{}", nullable=False))
    op.execute(_REMEMBER)


def downgrade() -> None:
    """Who acted last is known still."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("account", "acted_by")
