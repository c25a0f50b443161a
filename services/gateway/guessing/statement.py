"""Counts of attempts and sign-ins: one statement each, in autocommit."""

# A locked row is left as it is, so that a lock ends 15 minutes after the attempt that set it,
# however often it is tried again.
TAKE_ATTEMPT = """
INSERT INTO sign_in_attempt AS a (key, attempts, last_at) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE
   SET attempts = CASE WHEN a.last_at < $3 THEN 1 ELSE a.attempts + 1 END, last_at = $2
 WHERE a.attempts < $4 OR a.last_at < $3
RETURNING attempts
"""
TAKE_NETWORK_TURN = """
INSERT INTO sign_in_rate AS r (key, arrival) VALUES ($1, $2::timestamptz + $3::interval)
ON CONFLICT (key) DO UPDATE SET arrival = greatest(r.arrival, $2) + $3
 WHERE greatest(r.arrival, $2) + $3 <= $2 + $4::interval
RETURNING arrival
"""
SUCCEED = """
WITH forgotten AS (
    DELETE FROM sign_in_attempt WHERE key = $1 AND key <> $2
)
INSERT INTO sign_in_attempt (key, attempts, last_at) VALUES ($2, 0, $3)
ON CONFLICT (key) DO UPDATE SET attempts = 0, last_at = $3
"""
