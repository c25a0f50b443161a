"""The written SQL of hosts: which portals are due, and how fast a host may be asked."""

from sqlalchemy import text

# One whose run waits or is under way is not due: its time is set anew when the run ends.
DUE = text(
    "SELECT p.* FROM portal p WHERE p.enabled AND p.next_run_at <= :now"
    " AND p.rule_version IS NOT NULL AND NOT EXISTS (SELECT FROM collector_run r"
    "  WHERE r.portal_id = p.id AND r.state IN ('queued', 'running'))"
    " ORDER BY p.next_run_at, p.id LIMIT :limit"
)

# Of all that wait, for a portal may have moved to another host since its run was ordered.
NOTE = text(
    "INSERT INTO portal_host (host) SELECT DISTINCT p.host FROM collector_run r"
    " JOIN portal p ON p.id = r.portal_id LEFT JOIN portal_host h ON h.host = p.host"
    " WHERE r.state IN ('queued', 'running') AND h.host IS NULL ON CONFLICT DO NOTHING"
)

# The slowest of those that are read there sets the pace for all.
PACE = text(
    "SELECT coalesce(max(interval_ms), 0) FROM portal"
    " WHERE host = (SELECT host FROM portal WHERE id = :portal_id) AND enabled"
)
