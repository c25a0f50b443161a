"""matters are taken up with minor papers missing

Revision ID: papers_may_follow
Revises: pre_checks
Create Date: 2026-12-12

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "papers_may_follow"
down_revision: str | Sequence[str] | None = "pre_checks"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_PROMISED = sa.text("state = 'promised'")


def upgrade() -> None:
    op.create_table(
        "deferral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("guide_version", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=True),
        sa.Column("materials", postgresql.ARRAY(sa.String(length=500)), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("accepted_by", sa.String(length=128), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=128), nullable=True),
        sa.Column("reason_sealed", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('promised', 'supplied', 'lapsed', 'cancelled')",
            name=op.f("ck_deferral_state_known"),
        ),
        sa.CheckConstraint("due_on > accepted_on", name=op.f("ck_deferral_due_after_acceptance")),
        sa.CheckConstraint(
            "(state = 'promised') = (settled_at IS NULL)",
            name=op.f("ck_deferral_settled_has_its_time"),
        ),
        sa.ForeignKeyConstraint(
            ["hall_code"], ["hall.code"], name=op.f("fk_deferral_hall_code_hall")
        ),
        sa.ForeignKeyConstraint(
            ["item_code"], ["item.code"], name=op.f("fk_deferral_item_code_item")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_deferral_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deferral")),
    )
    op.create_index(
        "uq_deferral_open",
        "deferral",
        ["ticket_id", "item_code"],
        unique=True,
        postgresql_where=_PROMISED,
    )
    op.create_index("ix_deferral_due", "deferral", ["due_on"], postgresql_where=_PROMISED)
    op.create_index("ix_deferral_hall", "deferral", ["hall_code", "state", "id"])
    op.create_index(
        "ix_deferral_owner",
        "deferral",
        ["owner", "id"],
        postgresql_where=sa.text("owner IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("deferral")
