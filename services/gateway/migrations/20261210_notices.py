"""notices, their deliveries, and how accounts want to be reached

Revision ID: notices
Revises: prune_in_order
Create Date: 2026-12-10

"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "notices"
down_revision: str | Sequence[str] | None = "prune_in_order"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STATES = "state IN ('waiting', 'done', 'dropped', 'failed')"


def _text(length: int | None = None) -> sqlmodel.sql.sqltypes.AutoString:
    return sqlmodel.sql.sqltypes.AutoString(length=length)


def upgrade() -> None:
    """Three tables of their own."""
    _notice()
    _delivery()
    op.create_table(
        "notice_preference",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("email_sealed", _text(), nullable=True),
        sa.Column("language", _text(2), nullable=False),
        sa.Column("by_email", sa.Boolean(), nullable=False),
        sa.Column("by_sms", sa.Boolean(), nullable=False),
        sa.Column("muted", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=False),
        sa.Column("quiet_until", sa.Time(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_notice_preference")),
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", _text(32), nullable=False),
        sa.Column("kind", _text(40), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("occasion", _text(40), nullable=False),
        sa.Column("useful_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", _text(40), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("facts_sealed", _text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_STATES, name=op.f("ck_notice_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint(
            "kind", "about_id", "occasion", name=op.f("uq_notice_kind_about_id_occasion")
        ),
    )
    waiting, own = sa.text("state = 'waiting'"), sa.text("account_id IS NOT NULL")
    op.create_index("ix_notice_waiting", "notice", ["next_at"], postgresql_where=waiting)
    op.create_index("ix_notice_inbox", "notice", ["account_id", "id"], postgresql_where=own)
    op.create_index(op.f("ix_notice_created_at"), "notice", ["created_at"])


def _delivery() -> None:
    op.create_table(
        "notice_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", _text(40), nullable=True),
        sa.Column("receipt", _text(200), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_STATES, name=op.f("ck_notice_delivery_state_known")),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["notice.id"],
            name=op.f("fk_notice_delivery_notice_id_notice"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_delivery")),
        sa.UniqueConstraint(
            "notice_id", "channel", name=op.f("uq_notice_delivery_notice_id_channel")
        ),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_notice_delivery_waiting", "notice_delivery", ["next_at"], postgresql_where=waiting
    )


def downgrade() -> None:
    op.drop_table("notice_preference")
    op.drop_table("notice_delivery")
    op.drop_table("notice")
