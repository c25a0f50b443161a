"""What was proven by single walks, and what was disputed without a case, is open again; every page
is asked for once more.

Revision ID: open_again
Revises: audit_log_only_grows
"""

import sqlalchemy as sa
from alembic import op

revision: str = "open_again"
down_revision: str | None = "audit_log_only_grows"
branch_labels: str | None = None
depends_on: str | None = None

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
# Without what was noted to spare it each page is read anew.
PAGES = sa.text(f"""
WITH next AS (
    SELECT id FROM portal_page WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT 2000
), spared AS (
    SELECT g.id, g.last_absent_at IS NOT NULL AND {NO_PROOF.format(moment="g.last_absent_at")}
             AS is_unproven
    FROM next n JOIN portal_page g ON g.id = n.id JOIN portal p ON p.id = g.portal_id
), changed AS (
    UPDATE portal_page g SET etag = NULL, last_modified = NULL,
      last_absent_at = CASE WHEN NOT s.is_unproven THEN g.last_absent_at END,
      content_absent_at = CASE WHEN NOT s.is_unproven
        OR g.content_absent_at IS DISTINCT FROM g.last_absent_at THEN g.content_absent_at END
    FROM spared s WHERE s.id = g.id
      AND (s.is_unproven OR g.etag IS NOT NULL OR g.last_modified IS NOT NULL)
)
SELECT id FROM next ORDER BY id DESC LIMIT 1
""")
# Pages that were collected before a duty was recorded or its project renamed were never matched
# with it.
STANDINGS = sa.text("""
WITH next AS (
    SELECT duty_id FROM standing WHERE duty_id > CAST(:after AS uuid) ORDER BY duty_id LIMIT 2000
), changed AS (
    UPDATE standing s SET match_wanted = true, match_wanted_at = now()
    FROM next n WHERE n.duty_id = s.duty_id AND NOT s.is_seen AND s.hold <> 'not_applicable'
)
SELECT duty_id FROM next ORDER BY duty_id DESC LIMIT 1
""")

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
    """Some thousand rows at a time, for others work on the same rows. It can be run again."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_portal_page_source_name",
            "portal_page",
            ["source_name"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        for step in (PAGES, STANDINGS):
            _in_pieces(step)
    op.execute("SET LOCAL lock_timeout = '3s'")
    for statement in (NOTHING_PROVEN, OPEN_CASES, *RESTORED):
        op.execute(statement)


def _in_pieces(step: sa.TextClause) -> None:
    connection, after = op.get_bind(), "00000000-0000-0000-0000-000000000000"
    while after is not None:
        after = connection.execute(step, {"after": after}).scalar_one_or_none()


def downgrade() -> None:
    """What is open again stays open."""
    op.drop_index("ix_portal_page_source_name", table_name="portal_page")
