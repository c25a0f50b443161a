"""departments with numbers of their own, letters kept apart, contacts of raters

Revision ID: departments_quarantine
Revises: editions_and_closed_months
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "departments_quarantine"
down_revision: str | Sequence[str] | None = "editions_and_closed_months"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column(
        "department",
        sa.Column("numbers", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
    )
    op.add_column(
        "department", sa.Column("version", sa.Integer(), server_default="1", nullable=False)
    )
    op.execute(
        "ALTER TABLE department ADD CONSTRAINT ck_department_version_counts_from_one"
        " CHECK (version > 0)"
    )
    _create_quarantine()
    op.create_index(
        "ix_letter_transition_actor", "letter_transition", ["actor", "letter_id"], unique=False
    )
    for column in ("name_sealed", "phone_sealed"):
        op.add_column("rating", sa.Column(column, sa.String(), nullable=True))
    op.add_column("service_event", sa.Column("reported_by", sa.String(128), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_column("service_event", "reported_by")
    for column in ("phone_sealed", "name_sealed"):
        op.drop_column("rating", column)
    op.drop_index("ix_letter_transition_actor", table_name="letter_transition")
    op.drop_table("quarantined_letter")
    op.drop_column("department", "version")
    op.drop_column("department", "numbers")


def _create_quarantine() -> None:
    moment, text = sa.DateTime(timezone=True), sa.String()
    op.create_table(
        "quarantined_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("waiting_no", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("flood_sign", sa.String(32), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("title_sealed", text, nullable=True),
        sa.Column("body_sealed", text, nullable=True),
        sa.Column("place_sealed", text, nullable=True),
        sa.Column("wants_public", sa.Boolean(), nullable=False),
        sa.Column("code_hash", text, nullable=False),
        sa.Column("sketch", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("decided_by", sa.String(128), nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("reason_sealed", text, nullable=True),
        sa.CheckConstraint(
            "state IN ('quarantined', 'released', 'dropped')",
            name=op.f("ck_quarantined_letter_state_known"),
        ),
        sa.CheckConstraint(
            "version > 0", name=op.f("ck_quarantined_letter_version_counts_from_one")
        ),
        sa.CheckConstraint(
            "(state = 'released') = (body_sealed IS NULL)",
            name=op.f("ck_quarantined_letter_kept_until_it_is_a_letter"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_letter")),
        sa.UniqueConstraint("waiting_no", name=op.f("uq_quarantined_letter_waiting_no")),
    )
    op.create_index(
        "ix_quarantined_letter_waiting",
        "quarantined_letter",
        ["received_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'quarantined'"),
    )
