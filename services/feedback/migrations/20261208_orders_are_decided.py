"""a term for whoever decides on the answer to a supervision order

Revision ID: orders_are_decided
Revises: ratings_are_counted
Create Date: 2026-12-08

"""

from collections.abc import Sequence
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op

revision: str = "orders_are_decided"
down_revision: str | Sequence[str] | None = "ratings_are_counted"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What the supervisor has is what the department has to answer.
TERM = sa.text("""
  INSERT INTO deadline_policy
    (id, region, kind, unit, n, extension_limit, legal_source, valid_from)
  VALUES (:id, 'CN', 'order_decide', 'working_day', 5, 0, '本系统默认', DATE '2004-01-01')
  ON CONFLICT DO NOTHING
""").bindparams(id=uuid5(NAMESPACE_URL, "onedoor/deadline-policy/order_decide"))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute(TERM)


def downgrade() -> None:
    """Terms that run keep the policy by which they do."""
    op.execute(
        "DELETE FROM deadline_policy p WHERE kind = 'order_decide'"
        " AND NOT EXISTS (SELECT FROM deadline d WHERE d.policy_id = p.id)"
    )
