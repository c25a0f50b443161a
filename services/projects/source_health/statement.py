"""The written SQL of the board of sources."""

from sqlalchemy import text

# Up, and yet without a proof of absence for longer than a few of its turns take: an entry that is
# never read, or a list that does not say how long it is. Nothing of its unit is ever overdue then.
_PROVEN_AT = "coalesce(proven_at, read_since, health_since)"
_IS_UNPROVEN = (
    f"enabled AND health = 'up' AND rule_version IS NOT NULL AND {_PROVEN_AT} <"
    " CAST(:unproven_since AS timestamptz) - 3 * make_interval(mins => every_minutes)"
)

# All that is counted, by one statement. By state, and by state and class of error: two groupings of
# one look at all portals. A duty is counted once, however many portals its unit has. A host that
# falls behind has more to be read than its pace allows.
SUMMARY = text(f"""
  SELECT (SELECT jsonb_agg(t) FROM (
      SELECT enabled, health, fault, GROUPING(fault) = 0 AS is_by_fault, count(*) AS portals,
             count(DISTINCT unit_code) AS units, min(health_since) AS since
      FROM portal GROUP BY GROUPING SETS ((enabled, health), (enabled, health, fault))) t)
      AS tallies,
    (SELECT count(*) FROM standing WHERE verdict = 'unknown_source_down' AND unit_code = ANY(ARRAY(
      SELECT DISTINCT unit_code FROM portal WHERE enabled AND health <> 'up'))) AS waiting_duties,
    (SELECT count(*) FROM portal WHERE {_IS_UNPROVEN}) AS unproven,
    (SELECT jsonb_agg(b) FROM (
      SELECT host, count(*) AS portals, count(*) FILTER (WHERE next_run_at < :since) AS behind,
             min(next_run_at) AS since
      FROM portal WHERE enabled AND rule_version IS NOT NULL
      GROUP BY host HAVING min(next_run_at) < :since
      ORDER BY min(next_run_at), host LIMIT :limit) b) AS behind""")

# In its state for longest first; of one that nobody has read yet it counts since it is registered.
# Without a state those that need somebody: what is down, and what proves nothing.
SOURCES = text(f"""
  SELECT p.id, p.name, p.unit_code, u.name AS unit_name, p.host, p.health, p.fault, p.since,
         p.walked_at, p.proven_at, r.read_at, r.run_id, p.unproven_since, p.next_run_at,
         s.waiting_duties, f.duties
  FROM (SELECT *, coalesce(CASE WHEN CAST(:health AS text) IS NULL THEN unproven_since END,
                           health_since, read_since, next_run_at) AS since
        FROM (SELECT *, CASE WHEN {_IS_UNPROVEN} THEN {_PROVEN_AT} END AS unproven_since
              FROM portal WHERE enabled) each
        WHERE health = :health OR (CAST(:health AS text) IS NULL
          AND (health = 'down' OR unproven_since IS NOT NULL))) p
  JOIN responsible_unit u ON u.code = p.unit_code
  LEFT JOIN LATERAL (SELECT finished_at AS read_at, id AS run_id FROM collector_run
    WHERE portal_id = p.id AND state = 'finished' ORDER BY requested_at DESC LIMIT 1) r ON true
  LEFT JOIN LATERAL (SELECT count(*) AS waiting_duties FROM standing
    WHERE unit_code = p.unit_code AND verdict = 'unknown_source_down') s ON true
  LEFT JOIN LATERAL (SELECT array_agg(first) AS duties FROM (SELECT json_build_object(
      'duty_id', d.id, 'project_code', d.project_code, 'subject', d.subject,
      'item_code', d.item_code) AS first
    FROM standing k JOIN duty d ON d.id = k.duty_id
    WHERE k.unit_code = p.unit_code AND k.verdict = 'unknown_source_down'
    ORDER BY d.id LIMIT :shown) few) f ON true
  WHERE (CAST(:fault AS text) IS NULL OR p.fault = :fault)
    AND (CAST(:unit AS text) IS NULL OR p.unit_code = :unit)
    AND (CAST(:after AS timestamptz) IS NULL OR (p.since, p.id) > (:after, :after_id))
  ORDER BY p.since, p.id LIMIT :limit""")
