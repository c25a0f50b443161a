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
NOTHING_PROVEN = sa.text(f"""
WITH locked AS MATERIALIZED (
    SELECT id FROM portal p
     WHERE (proven_at IS NOT NULL OR walked_at IS NOT NULL)
       AND {NO_PROOF.format(moment="p.proven_at")}
     ORDER BY id FOR NO KEY UPDATE
)
UPDATE portal p SET proven_at = NULL, walked_at = NULL, read_since = now(), next_run_at = now(),
  version = version + 1
FROM locked l WHERE l.id = p.id
""")
# A walk under way knows its portal as it was, and would give new pages what is proven no more.
WALKS = sa.text("""
WITH locked AS MATERIALIZED (
    SELECT id FROM collector_run WHERE state = 'running' ORDER BY id FOR NO KEY UPDATE
)
UPDATE collector_run r SET state = 'queued', runner = NULL, lease_until = NULL,
  version = version + 1
FROM locked l WHERE l.id = r.id
""")
# Without what was noted to spare it each page is read anew. Locked in the order in which walks lock
# the pages that they list.
PAGES = sa.text(f"""
WITH next AS MATERIALIZED (
    SELECT id FROM portal_page WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT 2000
), locked AS MATERIALIZED (
    SELECT g.id FROM portal_page g
     WHERE g.id IN (SELECT id FROM next)
       AND (g.last_absent_at IS NOT NULL OR g.etag IS NOT NULL OR g.last_modified IS NOT NULL)
     ORDER BY g.portal_id, g.url COLLATE "C" FOR NO KEY UPDATE
), spared AS (
    SELECT g.id, g.last_absent_at IS NOT NULL AND {NO_PROOF.format(moment="g.last_absent_at")}
             AS is_unproven
    FROM locked n JOIN portal_page g ON g.id = n.id JOIN portal p ON p.id = g.portal_id
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
# with it. In the turn of those who judge, who write the same rows in any order.
STANDINGS = sa.text("""
WITH turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(hashtextextended('projects.judge', 11))
), next AS MATERIALIZED (
    SELECT s.duty_id FROM turn, standing s WHERE s.duty_id > CAST(:after AS uuid)
     ORDER BY s.duty_id LIMIT 2000
), locked AS MATERIALIZED (
    SELECT s.duty_id FROM standing s
     WHERE s.duty_id IN (SELECT duty_id FROM next) AND NOT s.is_seen AND s.hold <> 'not_applicable'
     ORDER BY s.duty_id FOR NO KEY UPDATE
), changed AS (
    UPDATE standing s SET match_wanted = true, match_wanted_at = now()
    FROM locked l WHERE l.duty_id = s.duty_id
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


_SOURCES = "ix_portal_page_source_name"


def upgrade() -> None:
    """Some thousand rows at a time, for others work on the same rows.

    It can be run again: what is open stays so, and an index is made anew.
    """
    with op.get_context().autocommit_block():
        # Portals first: a page that is found from now on takes over nothing that is not proven.
        for statement in (NOTHING_PROVEN, WALKS):
            op.execute(statement)
        # It waits for whoever has begun before, and nobody waits for it.
        op.execute("SET lock_timeout = 0")
        for step in (PAGES, STANDINGS):
            _in_pieces(step)
        _drop_index()
        op.create_index(_SOURCES, "portal_page", ["source_name"], postgresql_concurrently=True)
        op.execute("RESET lock_timeout")
    op.execute("SET LOCAL lock_timeout = '3s'")
    for case in (OPEN_CASES, *RESTORED):
        op.execute(case)


def _in_pieces(step: sa.TextClause) -> None:
    connection, after = op.get_bind(), "00000000-0000-0000-0000-000000000000"
    while after is not None:
        after = connection.execute(step, {"after": after}).scalar_one_or_none()


def downgrade() -> None:
    """What is open again stays open."""
    with op.get_context().autocommit_block():
        _drop_index()


def _drop_index() -> None:
    op.drop_index(_SOURCES, "portal_page", if_exists=True, postgresql_concurrently=True)
