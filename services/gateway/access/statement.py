"""What guards against guessing, and what a token becomes: one statement each, in autocommit."""

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
BEGIN = """
WITH present AS (
    SELECT id FROM account WHERE id = $2 AND state = 'active' AND password_hash = $7 FOR SHARE
), begun AS (
    INSERT INTO sign_in (id, account_id, method, started_at, expires_at)
    SELECT $1, id, $3, $4, $5 FROM present RETURNING id
), issued AS (
    INSERT INTO refresh_token (hash, sign_in_id, issued_at)
    SELECT $6::varchar, id, $4 FROM begun WHERE $6::varchar IS NOT NULL
)
SELECT id FROM begun
"""
# Of two that come with the same token the second waits for the first and gets the same successor:
# whoever lost the answer, or has two windows open, goes on; only a token spent long ago is a theft.
EXCHANGE = """
WITH spent AS (
    UPDATE refresh_token t SET used_at = coalesce(t.used_at, $2)
      FROM sign_in s JOIN account a ON a.id = s.account_id
     WHERE t.hash = $1 AND (t.used_at IS NULL OR t.used_at > $4) AND s.id = t.sign_in_id
       AND s.ended_at IS NULL AND s.expires_at > $2 AND a.state = 'active'
    RETURNING t.sign_in_id, s.method, a.id, a.name, a.roles, a.places
), issued AS (
    INSERT INTO refresh_token (hash, sign_in_id, issued_at)
    SELECT $3, sign_in_id, $2 FROM spent ON CONFLICT (hash) DO NOTHING
)
SELECT * FROM spent
"""
SUCCEED = """
WITH forgotten AS (
    DELETE FROM sign_in_attempt WHERE key = $1 AND key <> $2
)
INSERT INTO sign_in_attempt (key, attempts, last_at) VALUES ($2, 0, $3)
ON CONFLICT (key) DO UPDATE SET attempts = 0, last_at = $3
"""
