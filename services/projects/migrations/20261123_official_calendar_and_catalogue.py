"""The published holiday notices of 2004 to 2026, the 85 duties of the handbook's catalogue, and
the default deduction scheme: without them no duty can be dated, judged or scored.

Revision ID: reference
Revises: first
"""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import chinese_calendar
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.projects.catalogue import rules
from shared.ids import new_id

revision: str = "reference"
down_revision: str | None = "first"
branch_labels: str | None = None
depends_on: str | None = None

YEARS = range(2004, 2027)
NOTICE = "国务院办公厅关于{year}年部分节假日安排的通知"
CATALOGUE = Path(__file__).parent.parent / "data" / "disclosure_catalogue.csv"
DEDUCTIONS = {
    "overdue": 5,
    "overdue_cap": 60,
    "late": 2,
    "late_day": 0.2,
    "late_cap": 40,
    "early": 2,
    "early_cap": 20,
    "incomplete": 1,
    "incomplete_cap": 15,
    "withdrawn": 3,
    "withdrawn_cap": 15,
}


def upgrade() -> None:
    now = datetime.now(UTC)
    _calendar(now)
    _catalogue(now)
    scheme = sa.table(
        "score_scheme",
        sa.column("version"),
        sa.column("basis"),
        sa.column("weights", JSONB),
        sa.column("in_force_from"),
    )
    op.bulk_insert(
        scheme,
        [
            {
                "version": 1,
                "basis": "扣分制（缺省办法）：逾期未公开5分，逾期后公开2分、每多一个工作日加0.2分",
                "weights": DEDUCTIONS,
                "in_force_from": date(2004, 1, 1),
            }
        ],
    )


def _calendar(now: datetime) -> None:
    """Every day with its ordinals, and each year's notice as a version."""
    names = ("region", "date", "is_workday", "ord_start", "ord_end", "source_notice", "version")
    days = sa.table("work_calendar", *(sa.column(name) for name in names))
    count, rows, versions = 0, [], []
    for version, year in enumerate(YEARS, start=1):
        notice, moved = NOTICE.format(year=year), {True: [], False: []}
        day = date(year, 1, 1)
        while day.year == year:
            works = chinese_calendar.is_workday(day)
            count += works
            if works is not (day.weekday() < 5):
                moved[works].append(day.isoformat())
            end = count if works else count + 1
            values = ("CN", day, works, count, end, notice, version)
            rows.append(dict(zip(names, values, strict=True)))
            day += timedelta(days=1)
        versions.append(
            {
                "region": "CN",
                "version": version,
                "year": year,
                "notice": notice,
                "rest_days": moved[False],
                "working_weekends": moved[True],
                "created_at": now,
                "created_by": "migration",
            }
        )
    op.bulk_insert(days, rows)
    table = sa.table(
        "calendar_version",
        *(sa.column(name) for name in versions[0] if not name.endswith(("_days", "_weekends"))),
        sa.column("rest_days", JSONB),
        sa.column("working_weekends", JSONB),
    )
    op.bulk_insert(table, versions)


def _catalogue(now: datetime) -> None:
    with CATALOGUE.open(encoding="utf-8-sig", newline="") as lines:
        # What items say besides since came with a column of its own.
        items = [item.model_dump(mode="json", exclude={"clock"}) for item in rules.read(lines)]
    version = sa.table(
        "catalogue_version",
        *(sa.column(name) for name in ("version", "title", "source_sha256", "imported_at")),
    )
    first = {
        "version": 1,
        "title": "重点领域政务公开目录（85项）",
        "source_sha256": hashlib.sha256(CATALOGUE.read_bytes()).hexdigest(),
        "imported_at": now,
    }
    op.bulk_insert(version, [first])
    lists = {name for name, value in items[0].items() if isinstance(value, list)}
    table = sa.table(
        "catalogue_item",
        sa.column("id"),
        sa.column("version"),
        *(sa.column(name, JSONB if name in lists else None) for name in items[0]),
    )
    op.bulk_insert(table, [{"id": new_id(), "version": 1, **item} for item in items])


def downgrade() -> None:
    for table in ("score_scheme", "catalogue_item", "catalogue_version", "work_calendar"):
        op.execute(sa.text(f"DELETE FROM {table}"))
    op.execute(sa.text("DELETE FROM calendar_version"))
