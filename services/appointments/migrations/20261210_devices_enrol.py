"""devices enrol by a code, and report how they are; tickets count their reprints

Revision ID: devices_enrol
Revises: papers_may_follow
Create Date: 2026-12-10

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "devices_enrol"
down_revision: str | Sequence[str] | None = "papers_may_follow"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STATES, _PAPER = ("invited", "enrolled", "revoked"), ("full", "low", "empty", "unknown")


def _words(values: Sequence[str], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=16)


def upgrade() -> None:
    moment, words = sa.DateTime(timezone=True), ARRAY(sa.String(length=16))
    for column in (
        sa.Column("location", sa.String(length=200), server_default="", nullable=False),
        sa.Column("offers", words, server_default="{}", nullable=False),
        sa.Column("in_use_since", moment, nullable=True),
    ):
        op.add_column("device", column)
    op.add_column("ticket", sa.Column("reprints", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "device_access",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("state", _words(_STATES, "deviceaccessstate"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", moment, nullable=True),
        sa.Column("invited_at", moment, nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=True),
        sa.Column("enrolled_at", moment, nullable=True),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("seen_at", moment, nullable=True),
        sa.Column("paper", _words(_PAPER, "paperstate"), nullable=False),
        sa.Column("faults", words, nullable=False),
        sa.Column("software", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "state IN ('invited', 'enrolled', 'revoked')",
            name=op.f("ck_device_access_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'enrolled') = (key_hash IS NOT NULL)",
            name=op.f("ck_device_access_enrolled_has_a_key"),
        ),
        sa.CheckConstraint(
            "(code_hash IS NULL) = (code_expires_at IS NULL)",
            name=op.f("ck_device_access_code_has_its_time"),
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_device_access_device_id_device")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_access")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_device_access_code_hash")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_device_access_key_hash")),
    )


def downgrade() -> None:
    op.drop_table("device_access")
    op.drop_column("ticket", "reprints")
    for column in ("in_use_since", "offers", "location"):
        op.drop_column("device", column)
