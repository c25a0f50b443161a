"""The written SQL of collecting: how runs are claimed and given back."""

from sqlalchemy import text

from services.projects.collecting.workflow import RUNS, RunAction
from shared.database.transitions import sources, target

_CLAIMING, _RELEASING = RUNS.of(RunAction.CLAIM), RUNS.of(RunAction.RELEASE)

# SKIP LOCKED: two runners that look at once take two runs. Only a run under way has a lease; one
# that ran out was a runner's that was killed.
CLAIM = text(
    f"UPDATE collector_run SET state = {target(_CLAIMING)}, runner = :runner,"
    " lease_until = now() + make_interval(secs => :lease),"
    " started_at = coalesce(started_at, now()), version = version + 1"
    f" WHERE id = (SELECT id FROM collector_run WHERE state IN ({sources(_CLAIMING)})"
    "  AND (lease_until IS NULL OR lease_until < now())"
    "  ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING id"
)
RELEASE = text(
    f"UPDATE collector_run SET state = {target(_RELEASING)}, runner = NULL, lease_until = NULL,"
    " version = version + 1 WHERE id = :id AND runner = :runner"
    f" AND state IN ({sources(_RELEASING)})"
)
