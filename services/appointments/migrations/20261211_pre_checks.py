"""materials are looked at before the visit

Revision ID: pre_checks
Revises: guides_are_complete
Create Date: 2026-12-11

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "pre_checks"
down_revision: str | Sequence[str] | None = "guides_are_complete"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "pre_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("guide_version", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("ready", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("note_sealed", sa.String(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("missing", postgresql.ARRAY(sa.String(length=200)), nullable=False),
        sa.Column("refer_to", sa.String(length=300), nullable=True),
        sa.Column("answer_sealed", sa.String(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=128), nullable=True),
        sa.CheckConstraint(
            "state IN ('submitted', 'complete', 'missing', 'elsewhere', 'withdrawn')",
            name=op.f("ck_pre_check_state_known"),
        ),
        sa.CheckConstraint(
            "(state IN ('complete', 'missing', 'elsewhere')) = (answered_at IS NOT NULL)"
            " OR state = 'withdrawn'",
            name=op.f("ck_pre_check_answered_has_its_time"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_pre_check_appointment_id_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["hall_code"], ["hall.code"], name=op.f("fk_pre_check_hall_code_hall")
        ),
        sa.ForeignKeyConstraint(
            ["item_code"], ["item.code"], name=op.f("fk_pre_check_item_code_item")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pre_check")),
    )
    op.create_index(
        "uq_pre_check_open",
        "pre_check",
        ["owner", "hall_code", "item_code"],
        unique=True,
        postgresql_where=sa.text("state IN ('submitted', 'missing')"),
    )
    op.create_index("ix_pre_check_owner", "pre_check", ["owner", "id"])
    op.create_index("ix_pre_check_hall", "pre_check", ["hall_code", "state", "id"])
    op.create_index(
        "ix_pre_check_appointment",
        "pre_check",
        ["appointment_id"],
        postgresql_where=sa.text("appointment_id IS NOT NULL"),
    )

    _files()


def _files() -> None:
    op.create_table(
        "pre_check_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pre_check_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("material", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["pre_check_id"],
            ["pre_check.id"],
            name=op.f("fk_pre_check_file_pre_check_id_pre_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pre_check_file")),
        sa.UniqueConstraint(
            "pre_check_id", "number", name=op.f("uq_pre_check_file_pre_check_id_number")
        ),
    )
    op.create_index("ix_pre_check_file_added", "pre_check_file", ["added_at"])


def downgrade() -> None:
    op.drop_table("pre_check_file")
    op.drop_table("pre_check")
