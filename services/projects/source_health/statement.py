"""The written SQL of the board of sources."""

from sqlalchemy import text

# All that is counted, by one statement. By state, and by state and class of error: two groupings of
# one look at all portals. A duty is counted once, however many portals its unit has. A host that
# falls behind has more to be read than its pace allows.
SUMMARY = text("""
  SELECT (SELECT jsonb_agg(t) FROM (
      SELECT enabled, health, fault, GROUPING(fault) = 0 AS is_by_fault, count(*) AS portals,
             count(DISTINCT unit_code) AS units, min(health_since) AS since
      FROM portal GROUP BY GROUPING SETS ((enabled, health), (enabled, health, fault))) t)
      AS tallies,
    (SELECT count(*) FROM standing WHERE verdict = 'unknown_source_down' AND unit_code = ANY(ARRAY(
      SELECT DISTINCT unit_code FROM portal WHERE enabled AND health <> 'up'))) AS waiting_duties,
    (SELECT jsonb_agg(b) FROM (
      SELECT host, count(*) AS portals, count(*) FILTER (WHERE next_run_at < :since) AS behind,
             min(next_run_at) AS since
      FROM portal WHERE enabled AND rule_version IS NOT NULL
      GROUP BY host HAVING min(next_run_at) < :since
      ORDER BY min(next_run_at), host LIMIT :limit) b) AS behind""")

# Down for longest first; of one that nobody has read yet it counts since it is registered.
SOURCES = text("""
  SELECT p.id, p.name, p.unit_code, u.name AS unit_name, p.host, p.health, p.fault, p.since,
         p.walked_at, p.proven_at, r.read_at, p.next_run_at, s.waiting_duties, f.duties
  FROM (SELECT *, coalesce(health_since, read_since, next_run_at) AS since FROM portal
        WHERE enabled AND health = :health) p
  JOIN responsible_unit u ON u.code = p.unit_code
  LEFT JOIN LATERAL (SELECT finished_at AS read_at FROM collector_run
    WHERE portal_id = p.id AND state = 'finished' ORDER BY requested_at DESC LIMIT 1) r ON true
  LEFT JOIN LATERAL (SELECT count(*) AS waiting_duties FROM standing
    WHERE unit_code = p.unit_code AND verdict = 'unknown_source_down') s ON true
  LEFT JOIN LATERAL (SELECT array_agg(first) AS duties FROM (SELECT json_build_object(
      'duty_id', d.id, 'project_code', d.project_code, 'item_code', d.item_code) AS first
    FROM standing k JOIN duty d ON d.id = k.duty_id
    WHERE k.unit_code = p.unit_code AND k.verdict = 'unknown_source_down'
    ORDER BY d.id LIMIT :shown) few) f ON true
  WHERE (CAST(:fault AS text) IS NULL OR p.fault = :fault)
    AND (CAST(:unit AS text) IS NULL OR p.unit_code = :unit)
    AND (CAST(:after AS timestamptz) IS NULL OR (p.since, p.id) > (:after, :after_id))
  ORDER BY p.since, p.id LIMIT :limit""")
