"""who waits for a place and was offered one; when places are given back, and shared by pools

Revision ID: who_waits
Revises: devices_enrol
Create Date: 2026-12-13

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "who_waits"
down_revision: str | Sequence[str] | None = "devices_enrol"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("returning_place", sa.Column("returned_at", _MOMENT, nullable=True))
    op.add_column(
        "booking_policy",
        sa.Column("offer_minutes", sa.Integer(), server_default="10", nullable=False),
    )
    op.add_column("slot", sa.Column("shared_from", _MOMENT, nullable=True))
    op.add_column("schedule_rule", sa.Column("share_at", sa.Time(), nullable=True))
    op.add_column(
        "schedule_rule",
        sa.Column("share_workdays", sa.Integer(), server_default="0", nullable=False),
    )
    _entries()
    op.create_table(
        "waitlist_offer",
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("offered_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_waitlist_offer_appointment_id_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["waitlist_entry.id"],
            name=op.f("fk_waitlist_offer_entry_id_waitlist_entry"),
        ),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("pk_waitlist_offer")),
    )
    op.create_index("ix_waitlist_offer_entry_id", "waitlist_offer", ["entry_id"])


def _entries() -> None:
    op.create_table(
        "waitlist_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("pool", sa.String(length=16), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("not_before", sa.Time(), nullable=True),
        sa.Column("not_after", sa.Time(), nullable=True),
        sa.Column("citizen_key", sa.String(length=140), nullable=False),
        sa.Column("person_document", sa.String(length=64), nullable=True),
        sa.Column("person_phone", sa.String(length=64), nullable=True),
        sa.Column("joined_by", sa.String(length=128), nullable=False),
        sa.Column("joined_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("passed_over_at", _MOMENT, nullable=True),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_waitlist_entry_days_in_order")),
        sa.CheckConstraint(
            "(state = 'offered') = (expires_at IS NOT NULL)",
            name=op.f("ck_waitlist_entry_only_offers_expire"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'booked', 'expired', 'left')",
            name=op.f("ck_waitlist_entry_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["hall_code"], ["hall.code"], name=op.f("fk_waitlist_entry_hall_code_hall")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_entry")),
    )
    for name, columns, where in (
        ("waiting", ["hall_code", "item_code", "joined_at"], "state = 'waiting'"),
        ("offered", ["id"], "state = 'offered'"),
        ("citizen", ["citizen_key", "id"], None),
        ("hall", ["hall_code", "state", "id"], None),
        ("person_document", ["person_document"], "person_document IS NOT NULL"),
        ("person_phone", ["person_phone"], "person_phone IS NOT NULL"),
    ):
        only = None if where is None else sa.text(where)
        op.create_index(
            f"ix_waitlist_entry_{name}", "waitlist_entry", columns, postgresql_where=only
        )
    op.create_index(
        "uq_waitlist_entry_live",
        "waitlist_entry",
        ["citizen_key", "hall_code", "item_code"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'offered')"),
    )


def downgrade() -> None:
    op.drop_table("waitlist_offer")
    op.drop_table("waitlist_entry")
    for column in ("share_at", "share_workdays"):
        op.drop_column("schedule_rule", column)
    op.drop_column("slot", "shared_from")
    op.drop_column("booking_policy", "offer_minutes")
    op.drop_column("returning_place", "returned_at")
