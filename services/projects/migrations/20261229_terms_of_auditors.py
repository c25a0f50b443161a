"""an auditor's term for replies and proposals, orders whose proof is looked at again, and addresses
that units name

Revision ID: terms_of_auditors
Revises: fact_blocks
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "terms_of_auditors"
down_revision: str | Sequence[str] | None = "fact_blocks"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_REVIEW = (
    ("review_from", sa.Date()),
    ("review_days", sa.Integer()),
    ("review_due_on", sa.Date()),
)
# The release before does not name the column: it leaves what the policy before said.
_KEEP = """
  CREATE FUNCTION keep_review_days() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.review_days := coalesce((SELECT review_days FROM rectification_policy
                                 WHERE version < NEW.version ORDER BY version DESC LIMIT 1), 5);
    RETURN NEW;
  END $$"""


def upgrade() -> None:
    """The term of what waits for an auditor already begins with the first look of the watch."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    for name, kind in _REVIEW:
        op.add_column("rectification_order", sa.Column(name, kind, nullable=True))
    op.create_index(
        "ix_rectification_order_proven",
        "rectification_order",
        ["id"],
        postgresql_where=sa.text("closing = 'proof'"),
    )
    op.add_column(
        "rectification_policy",
        sa.Column("review_days", sa.Integer(), nullable=False, server_default=sa.text("5")),
    )
    op.alter_column("rectification_policy", "review_days", server_default=None)
    op.create_check_constraint(
        op.f("ck_rectification_policy_review_days_positive"),
        "rectification_policy",
        "review_days > 0",
    )
    op.execute(_KEEP)
    op.execute(
        "CREATE TRIGGER keep_review_days BEFORE INSERT ON rectification_policy FOR EACH ROW"
        " WHEN (NEW.review_days IS NULL) EXECUTE FUNCTION keep_review_days()"
    )
    has_list = sa.Column("has_list", sa.Boolean(), nullable=False, server_default=sa.text("true"))
    op.add_column("portal", has_list)
    op.create_check_constraint(
        op.f("ck_portal_walked_by_its_list"), "portal", "has_list OR NOT enabled"
    )
    op.create_index(
        "ix_portal_without_list", "portal", ["id"], postgresql_where=sa.text("NOT has_list")
    )
    _add_named_addresses()


def _add_named_addresses() -> None:
    op.create_table(
        "named_address",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("url", sa.String(800), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("page_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["unit_code"],
            ["responsible_unit.code"],
            name=op.f("fk_named_address_unit_code_responsible_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["portal_page.id"], name=op.f("fk_named_address_page_id_portal_page")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_address")),
    )
    op.create_index(
        "ix_named_address_new",
        "named_address",
        ["id"],
        postgresql_where=sa.text("page_id IS NULL"),
    )
    op.create_index("ix_named_address_page_id", "named_address", ["page_id"])
    op.create_index("ix_named_address_named_at", "named_address", ["named_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_table("named_address")
    op.drop_index("ix_portal_without_list", table_name="portal")
    op.drop_constraint(op.f("ck_portal_walked_by_its_list"), "portal", type_="check")
    op.drop_column("portal", "has_list")
    op.execute("DROP TRIGGER keep_review_days ON rectification_policy")
    op.execute("DROP FUNCTION keep_review_days()")
    op.drop_column("rectification_policy", "review_days")
    op.drop_index("ix_rectification_order_proven", table_name="rectification_order")
    for name, _ in reversed(_REVIEW):
        op.drop_column("rectification_order", name)
