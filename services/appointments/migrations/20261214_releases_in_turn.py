"""places that many want at once are given out in turn

Revision ID: releases_in_turn
Revises: places_due
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "releases_in_turn"
down_revision: str | Sequence[str] | None = "places_due"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "booking_policy",
        sa.Column("releases", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    _releases()
    _entries()


def _releases() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("item_codes", postgresql.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        *(
            sa.Column(name, _MOMENT, nullable=False)
            for name in ("starts_from", "starts_until", "joins_from", "opens_at", "ends_at")
        ),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in (
                "window_minutes",
                "least_per_minute",
                "most_per_minute",
                "policy_version",
            )
        ),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("seed_sealed", sa.String(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=True),
        sa.Column("entries_digest", sa.String(length=64), nullable=True),
        sa.Column("entry_count", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("version", "pace", "last_number", "called_through", "per_minute")
        ),
        sa.Column("places_left", sa.Integer(), nullable=True),
        sa.Column("paced_at", _MOMENT, nullable=True),
        sa.Column("announced_by", sa.String(length=128), nullable=False),
        sa.Column("announced_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("drawn_at", _MOMENT, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("cleared_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('announced', 'closed', 'open', 'ended', 'withdrawn')",
            name=op.f("ck_release_state_known"),
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_release_days_in_order")),
        sa.CheckConstraint(
            "joins_from < opens_at AND opens_at < ends_at", name=op.f("ck_release_times_in_order")
        ),
        sa.CheckConstraint(
            "least_per_minute BETWEEN 1 AND most_per_minute",
            name=op.f("ck_release_least_is_not_above_most"),
        ),
        sa.CheckConstraint(
            "seed IS NULL OR drawn_at IS NOT NULL", name=op.f("ck_release_seed_is_shown_once_drawn")
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (entries_digest IS NULL)",
            name=op.f("ck_release_closed_has_its_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["hall_code"], ["hall.code"], name=op.f("fk_release_hall_code_hall")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
    )
    for name, columns, where in (
        ("hall", ["hall_code", "id"], None),
        ("due", ["opens_at"], "state = 'announced'"),
        ("closed", ["id"], "state = 'closed'"),
        ("open", ["id"], "state = 'open'"),
        ("over", ["changed_at"], "state IN ('ended', 'withdrawn') AND cleared_at IS NULL"),
    ):
        only = None if where is None else sa.text(where)
        op.create_index(f"ix_release_{name}", "release", columns, postgresql_where=only)


def _entries() -> None:
    op.create_table(
        "release_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("citizen_key", sa.String(length=140), nullable=False),
        sa.Column("person_document", sa.String(length=64), nullable=True),
        sa.Column("person_phone", sa.String(length=64), nullable=True),
        sa.Column("joined_by", sa.String(length=128), nullable=False),
        sa.Column("joined_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("is_drawn", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("admitted_at", _MOMENT, nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'admitted', 'booked', 'lapsed', 'left', 'dropped')",
            name=op.f("ck_release_entry_state_known"),
        ),
        sa.CheckConstraint(
            "state <> 'admitted' OR expires_at IS NOT NULL",
            name=op.f("ck_release_entry_admitted_for_a_time"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_release_entry_release_id_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_entry")),
    )
    for name, columns, where in (
        ("waiting", ["release_id", "number"], "state = 'waiting'"),
        ("admitted", ["release_id", "expires_at"], "state = 'admitted'"),
        ("booked", ["release_id", "changed_at"], "state = 'booked'"),
        ("release", ["release_id", "joined_at", "id"], None),
        ("citizen", ["citizen_key", "joined_at"], None),
        ("person_document", ["person_document"], "person_document IS NOT NULL"),
        ("person_phone", ["person_phone"], "person_phone IS NOT NULL"),
    ):
        only = None if where is None else sa.text(where)
        op.create_index(f"ix_release_entry_{name}", "release_entry", columns, postgresql_where=only)
    op.create_index(
        "uq_release_entry_live",
        "release_entry",
        ["release_id", "citizen_key"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'admitted', 'booked')"),
    )
    op.create_index(
        "uq_release_entry_number",
        "release_entry",
        ["release_id", "number"],
        unique=True,
        postgresql_where=sa.text("number IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("release_entry")
    op.drop_table("release")
    op.drop_column("booking_policy", "releases")
