"""areas, agencies and who stands where; months of halls added up

Revision ID: areas_and_months
Revises: assessments_have_terms
Create Date: 2026-12-14

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "areas_and_months"
down_revision: str | Sequence[str] | None = "assessments_have_terms"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MOMENT = sa.DateTime(timezone=True)
_COUNTS = (
    *("issued", "called", "served", "done", "needs_more", "rejected", "missed", "abandoned"),
    *("parked", "transferred", "unfinished"),
)


_FORGET = """
CREATE FUNCTION forget_hall_month() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM counted_hall_month m USING (SELECT DISTINCT hall_code,
        date_trunc('month', day::timestamp)::date AS month FROM changed) c
    WHERE m.hall_code = c.hall_code AND m.month = c.month;
    RETURN NULL;
END $$"""


def upgrade() -> None:
    _areas()
    _months()
    _forget()


def _areas() -> None:
    for table in ("area", "agency"):
        op.create_table(
            table,
            sa.Column("code", sa.String(length=32), nullable=False),
            sa.Column("name", sa.String(length=200), nullable=False),
            sa.Column("name_en", sa.String(length=200), nullable=True),
            *([sa.Column("level", sa.String(length=16), nullable=False)] * (table == "area")),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("updated_at", _MOMENT, nullable=False),
            sa.CheckConstraint(
                "code ~ '^[A-Z0-9-]{2,32}$'", name=op.f(f"ck_{table}_code_is_a_token")
            ),
            sa.PrimaryKeyConstraint("code", name=op.f(f"pk_{table}")),
        )
    op.create_table(
        "area_placement",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("parent_code", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("placed_by", sa.String(length=128), nullable=False),
        sa.Column("placed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_code"], ["area.code"], name=op.f("fk_area_placement_parent_code_area")
        ),
        sa.PrimaryKeyConstraint("kind", "code", "valid_from", name=op.f("pk_area_placement")),
    )
    op.create_index("ix_area_placement_parent_code", "area_placement", ["parent_code"])


def _months() -> None:
    number, large = sa.Integer(), sa.BigInteger()
    op.create_table(
        "hall_month_tally",
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("grouping", sa.String(length=8), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        *(sa.Column(name, number, nullable=False) for name in _COUNTS),
        sa.Column("longest_wait_ms", number, nullable=True),
        sa.Column("timed", number, nullable=False),
        sa.Column("service_ms", large, nullable=False),
        sa.Column("estimated", number, nullable=False),
        sa.Column("estimates_off_ms", large, nullable=False),
        sa.Column("estimates_covered", number, nullable=False),
        *(
            sa.Column(name, ARRAY(number), nullable=False)
            for name in ("waits", "waits_n", "services", "services_n")
        ),
        sa.PrimaryKeyConstraint(
            "hall_code", "grouping", "month", "key", name=op.f("pk_hall_month_tally")
        ),
    )
    op.create_table(
        "counted_hall_month",
        sa.Column("hall_code", sa.String(length=32), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("proven_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("hall_code", "month", name=op.f("pk_counted_hall_month")),
    )


def _forget() -> None:
    """Whoever changes a day, be it the release before, takes its month out of use."""
    op.execute(_FORGET)
    for change, rows in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER forget_month_{change.lower()} AFTER {change} ON hall_tally"
            f" REFERENCING {rows} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION forget_hall_month()"
        )


def downgrade() -> None:
    op.execute("DROP FUNCTION forget_hall_month() CASCADE")
    for table in ("counted_hall_month", "hall_month_tally", "area_placement", "agency", "area"):
        op.drop_table(table)
