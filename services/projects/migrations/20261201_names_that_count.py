"""Names that an officer gives wait for a second person; what was proven by single walks, and what
was disputed without a case, is open again.

Revision ID: names_that_count
Revises: what_pages_publish
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "names_that_count"
down_revision: str | None = "what_pages_publish"
branch_labels: str | None = None
depends_on: str | None = None

_MOMENT = sa.DateTime(timezone=True)

# A proof that an earlier migration took from a single walk, or from a walk of a list of pages that
# did not say how long it is: none. What was called overdue by it is judged again, and the portals
# are walked twice before anything is proven of them.
NO_PROOF = """
  NOT EXISTS (
    SELECT FROM collector_run r JOIN portal_rule k
      ON k.portal_id = r.portal_id AND k.version = r.rule_version
    WHERE r.portal_id = p.id AND r.started_at = {moment} AND r.proves_absence
      AND r.list_marks <> '[]'
      AND (r.declared_pages IS NOT NULL OR coalesce(k.rule #>> '{{pager,kind}}', 'none') = 'none'))
"""
NOTHING_PROVEN = f"""
  UPDATE portal p SET proven_at = NULL, walked_at = NULL, read_since = now(), next_run_at = now(),
    version = version + 1
  WHERE (proven_at IS NOT NULL OR walked_at IS NOT NULL) AND {NO_PROOF.format(moment="p.proven_at")}
"""
NOT_SEEN_ABSENT = f"""
  UPDATE portal_page g SET last_absent_at = NULL,
    content_absent_at = CASE WHEN content_absent_at IS DISTINCT FROM last_absent_at
                             THEN content_absent_at END
  FROM portal p
  WHERE p.id = g.portal_id AND g.last_absent_at IS NOT NULL
    AND {NO_PROOF.format(moment="g.last_absent_at")}
"""
# Pages that were collected before a duty was recorded or its project renamed were never matched
# with it.
MATCH_ALL = """
  UPDATE standing SET match_wanted = true, match_wanted_at = now()
  WHERE NOT is_seen AND hold <> 'not_applicable'
"""

# What an officer's dispute took out by itself is a case now, to be decided within ten working days
# from today; its finding stands until then.
OPEN_CASES = """
  INSERT INTO dispute (id, duty_id, unit_code, disputed_verdict, document, reason, state, opened_at,
    opened_by, due_on, version)
  SELECT uuidv7(), d.id, d.unit_code, coalesce(e.from_verdict, 'unknown'), r.document, r.reason,
         'open', r.ruled_at, r.ruled_by,
         (SELECT term.date FROM work_calendar now_is JOIN work_calendar term
            ON term.region = now_is.region AND term.is_workday
            AND term.ord_start = now_is.ord_start + 10
          WHERE now_is.region = 'CN'
            AND now_is.date = (now() AT TIME ZONE 'Asia/Shanghai')::date), 1
  FROM duty d
  JOIN LATERAL (SELECT * FROM duty_ruling x WHERE x.duty_id = d.id AND x.kind = 'dispute'
                ORDER BY x.ruled_at DESC, x.id DESC LIMIT 1) r ON true
  LEFT JOIN LATERAL (SELECT from_verdict FROM verdict_event v
                     WHERE v.duty_id = d.id AND v.reason = 'disputed_by_unit'
                     ORDER BY v.id DESC LIMIT 1) e ON true
  WHERE d.hold = 'disputed' AND NOT EXISTS (SELECT FROM dispute x WHERE x.duty_id = d.id)
"""
_CASES = "SELECT duty_id FROM dispute WHERE state = 'open'"
RESTORED = (
    """
  INSERT INTO duty_ruling (id, duty_id, kind, document, reason, ruled_at, ruled_by)
  SELECT uuidv7(), x.duty_id, 'restore', x.document,
         '异议改为立案办理，决定之前原结论有效', now(), 'migration'
  FROM dispute x JOIN duty d ON d.id = x.duty_id AND d.hold = 'disputed' WHERE x.state = 'open'
""",
    f"UPDATE standing SET hold = 'none' WHERE hold = 'disputed' AND duty_id IN ({_CASES})",
    "UPDATE duty SET hold = 'none', version = version + 1"
    f" WHERE hold = 'disputed' AND id IN ({_CASES})",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("project", sa.Column("confirmed_names", JSONB(), nullable=True))
    op.add_column("project", sa.Column("names_since", _MOMENT, nullable=True))
    op.add_column("standing", sa.Column("match_wanted_at", _MOMENT, nullable=True))
    op.add_column(
        "responsible_unit",
        sa.Column("match_wanted", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_responsible_unit_match_wanted",
        "responsible_unit",
        ["code"],
        postgresql_where=sa.text("match_wanted"),
    )
    op.add_column(
        "portal", sa.Column("moves", JSONB(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("page_match", sa.Column("unreadable_since", _MOMENT, nullable=True))
    op.create_index(
        "ix_page_match_unreadable",
        "page_match",
        ["id"],
        postgresql_where=sa.text("unreadable_since IS NOT NULL"),
    )
    # A catalogue that was in force before may be taken up again, as a version of its own.
    op.drop_constraint(op.f("uq_catalogue_version_source_sha256"), "catalogue_version")
    for statement in (NOT_SEEN_ABSENT, NOTHING_PROVEN, MATCH_ALL, OPEN_CASES, *RESTORED):
        op.execute(statement)


def downgrade() -> None:
    """What is open again stays open."""
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_unique_constraint(
        op.f("uq_catalogue_version_source_sha256"), "catalogue_version", ["source_sha256"]
    )
    op.drop_index("ix_page_match_unreadable", table_name="page_match")
    op.drop_column("page_match", "unreadable_since")
    op.drop_column("portal", "moves")
    op.drop_index("ix_responsible_unit_match_wanted", table_name="responsible_unit")
    op.drop_column("responsible_unit", "match_wanted")
    op.drop_column("standing", "match_wanted_at")
    op.drop_column("project", "names_since")
    op.drop_column("project", "confirmed_names")
