"""The written SQL of named addresses: on which column they are, and when they are read again."""

from sqlalchemy import text

from services.projects.portals.models import HOST

# The portal of the unit that takes the address in: one that knows the page, else a column on the
# host that can be read, else what stands for the host without a list. A column that is down is
# passed over, for its pages are not read until its list is.
PORTAL = text(f"""
  SELECT p.id, p.name, p.has_list FROM portal p
  WHERE p.unit_code = :unit AND p.rule_version IS NOT NULL
    AND p.host = {HOST.replace("start_url", "CAST(:url AS text)")}
    AND (NOT p.has_list OR p.enabled AND p.health <> 'down')
  ORDER BY EXISTS (SELECT FROM portal_page g WHERE g.portal_id = p.id AND g.url = :url) DESC,
           p.has_list DESC, p.id
  LIMIT 1""")

# What is known of the unit's columns: whether one shows elements as labels, and since when all of
# them are proven not to have what they have not: then nothing of it was where the unit publishes.
COLUMNS = text("""
  SELECT coalesce(bool_or(CAST(r.rule #>> '{detail,judges_elements}' AS boolean)), false),
         CASE WHEN bool_and(p.proven_at IS NOT NULL) THEN min(p.proven_at) END
  FROM portal p LEFT JOIN portal_rule r ON r.portal_id = p.id AND r.version = p.rule_version
  WHERE p.unit_code = :unit AND p.enabled""")

# Portals without a list that have something to read: what was named, what could not be read for
# some days, and once a day what could, to see whether it is there still. One run of each at a time.
DUE = text("""
  SELECT p.* FROM portal p
  WHERE NOT p.has_list AND (p.health <> 'down' OR p.next_run_at <= :now)
    AND NOT EXISTS (SELECT FROM collector_run r
      WHERE r.portal_id = p.id AND r.state IN ('queued', 'running'))
    AND EXISTS (SELECT FROM portal_page g WHERE g.portal_id = p.id AND g.parent_id IS NULL
      AND (g.detail_state = 'pending' OR g.detail_state = 'read' AND g.checked_at < :read_before
        OR g.detail_state = 'unreadable' AND g.checked_at < :tried_before
          AND EXISTS (SELECT FROM named_address n
            WHERE n.page_id = g.id AND n.named_at > :named_after)))
  ORDER BY p.id LIMIT :limit""")

# Columns in which a named page waits to be read, and that are read later than now: a run that was
# at its end already when the page came has not met it.
HURRY = text("""
  UPDATE portal p SET next_run_at = :now
  WHERE p.enabled AND p.health <> 'down' AND p.next_run_at > :now
    AND p.id IN (SELECT g.portal_id FROM named_address n JOIN portal_page g ON g.id = n.page_id
      WHERE n.named_at > :named_after AND g.detail_state = 'pending')
    AND NOT EXISTS (SELECT FROM collector_run r
      WHERE r.portal_id = p.id AND r.state IN ('queued', 'running'))""")
