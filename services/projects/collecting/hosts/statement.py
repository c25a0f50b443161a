"""The written SQL of hosts: which portals are due, and how fast a host may be asked."""

from sqlalchemy import text

# Of each host the portal that waits for longest, unless one of the host waits to be walked already:
# a host is walked by one runner at a time, and whatever else were queued would be passed over by
# whoever looks for a host that is free. A portal whose run is under way is not due: its time is set
# anew when the run ends.
DUE = text("""
  SELECT p.* FROM portal_host h CROSS JOIN LATERAL (
    SELECT * FROM portal o WHERE o.host = h.host AND o.enabled AND o.next_run_at <= :now
      AND o.rule_version IS NOT NULL AND NOT EXISTS (SELECT FROM collector_run r
        WHERE r.portal_id = o.id AND r.state IN ('queued', 'running'))
    ORDER BY o.next_run_at, o.id LIMIT 1) p
  WHERE NOT EXISTS (SELECT FROM collector_run r JOIN portal q ON q.id = r.portal_id
    WHERE r.state = 'queued' AND q.host = h.host)
  ORDER BY p.next_run_at, p.id LIMIT :limit""")

# The slowest of those that are read there, with the one that is, sets the pace for all.
PACE = text("""
  SELECT coalesce(max(interval_ms), 0) FROM portal
  WHERE host = (SELECT host FROM portal WHERE id = :portal_id)
    AND (enabled OR id = :portal_id)""")

# Who tries a rule has no run: the host is simply not free before a moment, so that nobody else is
# kept off it for ever by one who died.
TAKE_TURN = text("""
  UPDATE portal_host SET free_at = now() + make_interval(secs => :seconds)
  WHERE host = :host AND run_id IS NULL AND free_at <= now() RETURNING host""")

END_TURN = text("""
  UPDATE portal_host SET free_at = now() + make_interval(secs => :seconds)
  WHERE host = :host AND run_id IS NULL""")
