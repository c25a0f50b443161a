"""what was put right on order, and what appears wherever it must, as reports of periods freeze it;
the scheme of merits says what both earn

Revision ID: put_right_and_shown_everywhere
Revises: reports_of_periods
Create Date: 2026-12-01

"""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "put_right_and_shown_everywhere"
down_revision: str | Sequence[str] | None = "reports_of_periods"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = (
    ("rectified", sa.String(20)),
    ("missing_then", sa.Integer()),
    ("rectified_in_term", sa.Boolean()),
    ("on_all_carriers", sa.Boolean()),
    ("is_interpretation", sa.Boolean()),
)
MERITS = {
    "rectified": 0.8,
    "bonus_rectified": 0.1,
    "bonus_carriers": 0.1,
    "bonus_interpretation": 0.1,
}
BASIS = (
    "得分制（缺省办法）：按时1分，提前最多另加0.1，逾期0.6起、每过一个期限减半，未公开不得分；责令后改正的最多得0.8，"
    "整改期限内改正、应登载的载体全部登载、解读与政策同步的各另加0.1"
)


def upgrade() -> None:
    """Rows of before have none of these, and count as they did. A city that has laid down a scheme
    of its own says itself what these earn; the scheme that comes with the system gets a next
    version, in force from when that one was."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    for name, kind in _COLUMNS:
        op.add_column("frozen_duty", sa.Column(name, kind, nullable=True))
    op.execute(
        sa.text(
            "INSERT INTO merit_scheme (version, basis, weights, item_weights, in_force_from)"
            " SELECT 2, :basis, weights || CAST(:weights AS jsonb), item_weights, in_force_from"
            " FROM merit_scheme WHERE (SELECT max(version) FROM merit_scheme) = 1"
        ).bindparams(basis=BASIS, weights=json.dumps(MERITS))
    )


def downgrade() -> None:
    """Its version of the scheme stays: a release that does not know the new weights reads past
    them."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("frozen_duty", name)
