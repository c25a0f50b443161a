"""first deadline policies: the limits that hold until an administrator adds later rows

Revision ID: first_deadline_policies
Revises: first
Create Date: 2026-11-23 08:41:00
"""

from collections.abc import Sequence
from datetime import date
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op

revision: str = "first_deadline_policies"
down_revision: str | Sequence[str] | None = "first"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WD, CD = "working_day", "calendar_day"
OWN = "本系统默认"
REGULATION = "信访工作条例"
RATING = "GB/T 39734-2020 第 9.3 条（差评处置）；日数为本系统默认"
VALID_FROM = date(2004, 1, 1)

POLICIES: tuple[tuple[str, str, int, int, str], ...] = (
    # kind, unit, n, longest extension, legal source
    ("letter_register", WD, 1, 0, f"{REGULATION}第二十二条（应当登记）；日数为本系统默认"),
    ("letter_accept", WD, 2, 0, OWN),
    ("petition_accept", WD, 5, 0, f"{REGULATION}第二十三条"),
    ("reply_consultation", WD, 5, 5, f"{OWN}（各地 2 至 5 个工作日）"),
    ("reply_help", WD, 10, 10, f"{OWN}（参照广东 12345）"),
    ("reply_suggestion", WD, 10, 10, f"{OWN}（参照广东 12345）"),
    ("reply_complaint", WD, 15, 15, f"{OWN}（参照广东 12345）"),
    ("reply_report", WD, 15, 15, f"{OWN}（参照广东 12345）"),
    ("petition_inform", CD, 15, 0, f"{REGULATION}第二十二条、第二十三条"),
    ("petition_handle", CD, 60, 30, f"{REGULATION}第三十四条"),
    ("await_citizen", WD, 5, 0, OWN),
    ("publication_decision", WD, 5, 0, OWN),
    ("silence_closes", WD, 20, 0, f"{OWN}（参照铜陵）"),
    ("reopen_window", CD, 30, 0, f"{REGULATION}第三十五条"),
    ("rating_invitation", CD, 15, 0, OWN),
    ("rating_contact", WD, 1, 0, RATING),
    ("rating_rectify", WD, 5, 0, RATING),
    ("rating_rectify_complex", WD, 15, 0, RATING),
    ("rating_appeal", WD, 5, 0, RATING),
    ("rating_revisit", WD, 5, 0, RATING),
    ("order_acknowledge", WD, 1, 0, OWN),
    ("order_answer", WD, 5, 0, OWN),
    ("remind_before", WD, 2, 0, OWN),
    ("escalate_1", WD, 1, 0, OWN),
    ("escalate_2", WD, 5, 0, OWN),
    ("escalate_3", WD, 10, 0, OWN),
)

_table = sa.table(
    "deadline_policy",
    *(
        sa.column(name)
        for name in ("region", "kind", "unit", "n", "extension_limit", "legal_source")
    ),
    sa.column("id", sa.Uuid()),
    sa.column("valid_from", sa.Date()),
)


def upgrade() -> None:
    op.bulk_insert(
        _table,
        [
            {
                "id": uuid5(NAMESPACE_URL, f"onedoor/deadline-policy/{kind}"),
                "region": "CN",
                "kind": kind,
                "unit": unit,
                "n": n,
                "extension_limit": extension,
                "legal_source": source,
                "valid_from": VALID_FROM,
            }
            for kind, unit, n, extension, source in POLICIES
        ],
    )


def downgrade() -> None:
    op.execute(sa.delete(_table).where(_table.c.valid_from == VALID_FROM))
