"""units register what they publish before it goes out, carriers are data, and what is pushed is
believed from when it reached us

Revision ID: publishing
Revises: exemption_requests
Create Date: 2026-12-01

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "publishing"
down_revision: str | Sequence[str] | None = "exemption_requests"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATES = (
    "'draft', 'submitted', 'checked', 'approved', 'rejected', 'withdrawn', 'released', 'verified',"
    " 'unverified', 'contradicted', 'dismissed'"
)
ONLINE = "('released', 'verified', 'unverified', 'contradicted')"


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    _carriers()
    _releases()
    _places()
    op.add_column("publication_fact", _moment("received_at"))


def _carriers() -> None:
    op.create_table(
        "carrier",
        _text("code", 32, nullable=False),
        _text("name", 100, nullable=False),
        _text("name_en", 100, nullable=False),
        _text("kind", 16, nullable=False),
        _text("unit_code", 32),
        _text("portal_id", 40),
        sa.Column("is_statutory", sa.Boolean(), nullable=False),
        sa.Column("must_for", postgresql.JSONB(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _moment("updated_at", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_code"],
            ["responsible_unit.code"],
            name=op.f("fk_carrier_unit_code_responsible_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["portal_id"], ["portal.id"], name=op.f("fk_carrier_portal_id_portal")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_carrier")),
    )
    op.create_index(
        "uq_carrier_portal_id",
        "carrier",
        ["portal_id"],
        unique=True,
        postgresql_where=sa.text("portal_id IS NOT NULL"),
    )


def _releases() -> None:
    op.create_table(
        "registered_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        _text("unit_code", 32, nullable=False),
        _text("item_code", 16, nullable=False),
        _text("project_code", 24),
        sa.Column("duty_id", sa.Uuid(), nullable=True),
        _text("doc_no", 100),
        _text("title", 300, nullable=False),
        _text("origin", 16, nullable=False),
        _text("state", 16, nullable=False),
        _moment("created_at", nullable=False),
        _text("created_by", 100, nullable=False),
        sa.Column("authors", postgresql.JSONB(), nullable=False),
        _moment("planned_at"),
        _moment("checked_at"),
        _text("checked_by", 100),
        _text("check_basis", 300),
        _moment("approved_at"),
        _text("approved_by", 100),
        sa.Column("register_year", sa.Integer(), nullable=True),
        sa.Column("register_seq", sa.Integer(), nullable=True),
        _text("register_no", 50),
        _text("rejection", 500),
        _moment("claimed_at"),
        _moment("released_at"),
        _text("released_by", 100),
        _moment("verified_at"),
        _text("verified_by", 100),
        _text("verification", 500),
        sa.Column("document", postgresql.JSONB(), nullable=True),
        _text("push_sha256", 64),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_registered_release_state_known")),
        sa.CheckConstraint(
            "checked_by IS NULL OR NOT jsonb_exists(authors, checked_by)",
            name=op.f("ck_registered_release_checked_by_another"),
        ),
        sa.CheckConstraint(
            "approved_by IS NULL"
            " OR NOT jsonb_exists(authors, approved_by) AND approved_by <> checked_by",
            name=op.f("ck_registered_release_approved_by_another"),
        ),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (register_no IS NULL)",
            name=op.f("ck_registered_release_approved_has_number"),
        ),
        sa.CheckConstraint(
            f"state NOT IN {ONLINE} OR released_at IS NOT NULL",
            name=op.f("ck_registered_release_released_has_moment"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_code"],
            ["responsible_unit.code"],
            name=op.f("fk_registered_release_unit_code_responsible_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["duty.id"], name=op.f("fk_registered_release_duty_id_duty")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registered_release")),
        sa.UniqueConstraint(
            "unit_code",
            "register_year",
            "register_seq",
            name=op.f("uq_registered_release_unit_code_register_year_register_seq"),
        ),
        sa.UniqueConstraint(
            "created_by",
            "push_sha256",
            name=op.f("uq_registered_release_created_by_push_sha256"),
        ),
    )
    table = "registered_release"
    subject = ["unit_code", "item_code", "project_code"]
    op.create_index("ix_registered_release_subject", table, subject)
    op.create_index("ix_registered_release_unit_code_id", table, ["unit_code", "id"])
    op.create_index("ix_registered_release_duty_id", table, ["duty_id"])
    op.create_index(
        "ix_registered_release_to_verify",
        table,
        ["id"],
        postgresql_where=sa.text("state IN ('released', 'unverified')"),
    )
    op.create_index(
        "ix_registered_release_planned_at",
        table,
        ["planned_at"],
        postgresql_where=sa.text("planned_at IS NOT NULL"),
    )


def _places() -> None:
    op.create_table(
        "release_place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        _text("carrier_code", 32),
        _text("url", 800),
        _moment("seen_at"),
        sa.Column("page_id", sa.Uuid(), nullable=True),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "carrier_code IS NOT NULL OR url IS NOT NULL",
            name=op.f("ck_release_place_is_somewhere"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["registered_release.id"],
            name=op.f("fk_release_place_release_id_registered_release"),
        ),
        sa.ForeignKeyConstraint(
            ["carrier_code"],
            ["carrier.code"],
            name=op.f("fk_release_place_carrier_code_carrier"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_place")),
        sa.UniqueConstraint(
            "release_id",
            "carrier_code",
            "url",
            name=op.f("uq_release_place_release_id_carrier_code_url"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_release_place_url", "release_place", ["url"])
    op.create_index(
        "ix_release_place_is_new",
        "release_place",
        ["id"],
        postgresql_where=sa.text("is_new"),
    )


def downgrade() -> None:
    op.drop_column("publication_fact", "received_at")
    op.drop_table("release_place")
    op.drop_table("registered_release")
    op.drop_table("carrier")
