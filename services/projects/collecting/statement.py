"""The written SQL of collecting: how runs are claimed and given back, each with its host."""

from sqlalchemy import text

from services.projects.collecting.workflow import RUNS, RunAction
from shared.database.transitions import sources, target

_CLAIMING, _RELEASING = RUNS.of(RunAction.CLAIM), RUNS.of(RunAction.RELEASE)

# SKIP LOCKED: two runners that look at once take two runs, and on two hosts, for the row of the
# host is locked with that of the run. Whose it is stands on it and not beside it: a row that was
# waited for is looked at again as it is now, but what else is read is as old as the statement.
# Only a run under way has a lease; one that ran out was a runner's that was killed, and its host
# is still its own. How often it was taken over without having gone on is counted, for what stops
# one runner may stop them all.
CLAIM = text(
    "WITH free AS (SELECT r.id, h.host FROM collector_run r"
    "  JOIN portal p ON p.id = r.portal_id JOIN portal_host h ON h.host = p.host"
    f"  WHERE r.state IN ({sources(_CLAIMING)})"
    "   AND (r.lease_until IS NULL OR r.lease_until < now())"
    "   AND (h.run_id IS NULL OR h.run_id = r.id) AND h.free_at <= now()"
    "  ORDER BY r.requested_at, r.id LIMIT 1 FOR UPDATE OF r, h SKIP LOCKED),"
    " held AS (UPDATE portal_host h SET run_id = free.id FROM free WHERE h.host = free.host)"
    f" UPDATE collector_run r SET state = {target(_CLAIMING)}, runner = :runner,"
    " lease_until = now() + make_interval(secs => :lease),"
    " started_at = coalesce(r.started_at, now()), version = r.version + 1,"
    " takeovers = r.takeovers + (r.runner IS NOT NULL)::int"
    " FROM free WHERE r.id = free.id RETURNING r.id"
)
RELEASE = text(
    f"WITH given AS (UPDATE collector_run SET state = {target(_RELEASING)}, runner = NULL,"
    "  lease_until = NULL, version = version + 1 WHERE id = :id AND runner = :runner"
    f"  AND state IN ({sources(_RELEASING)}) RETURNING id)"
    " UPDATE portal_host h SET run_id = NULL, free_at = now() + make_interval(secs => :pause)"
    " FROM given WHERE h.run_id = given.id"
)
