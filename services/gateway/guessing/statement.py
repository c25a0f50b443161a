"""Counts of attempts and sign-ins: one statement each, in autocommit, or part of one."""

COUNTED = """
SELECT key, (SELECT last_at FROM sign_in_attempt a WHERE a.key = chosen.key) AS last_at FROM (
    SELECT CASE WHEN EXISTS (SELECT FROM sign_in_attempt WHERE key = :familiar)
                THEN :familiar::varchar ELSE :unfamiliar::varchar END AS key
) chosen
"""
"""By what an attempt is counted; as a part it is `counted`."""
# A locked row is left as it is, so that a lock ends 15 minutes after the attempt that set it,
# however often it is tried again.
TAKE_ATTEMPT = """
INSERT INTO sign_in_attempt AS a (key, attempts, last_at) SELECT key, 1, :now FROM counted
ON CONFLICT (key) DO UPDATE
   SET attempts = CASE WHEN a.last_at < :forgotten THEN 1 ELSE a.attempts + 1 END, last_at = :now
 WHERE a.attempts < :allowed OR a.last_at < :forgotten
RETURNING attempts
"""
"""As a part it is `taken`, and empty where there were too many."""
TAKE_NETWORK_TURN = """
INSERT INTO sign_in_rate AS r (key, arrival) VALUES ($1, $2::timestamptz + $3::interval)
ON CONFLICT (key) DO UPDATE SET arrival = greatest(r.arrival, $2) + $3
 WHERE greatest(r.arrival, $2) + $3 <= $2 + $4::interval
RETURNING arrival
"""
FORGET = "DELETE FROM sign_in_attempt WHERE key = :key AND key <> :familiar"
REMEMBER = """
INSERT INTO sign_in_attempt (key, attempts, last_at) VALUES (:familiar, 0, :now)
ON CONFLICT (key) DO UPDATE SET attempts = 0, last_at = :now
"""
