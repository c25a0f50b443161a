"""What a token comes of, and what it becomes: one statement each, in autocommit."""

BY_NAME = """
SELECT id, name, password_hash, roles, places, state FROM account WHERE name = :name
"""
# The grants are read with the account locked: those that were looked up with the password may have
# been taken meanwhile, by somebody who ended all sign-ins that there were.
PRESENT = """
SELECT id, name, roles, places FROM account
 WHERE id = :account AND state = 'active' AND password_hash = :proven FOR SHARE
"""
BEGIN = """
INSERT INTO sign_in (id, account_id, method, started_at, expires_at)
SELECT :sign_in, id, :method, :now, :expires_at FROM present RETURNING id
"""
ISSUE = """
INSERT INTO refresh_token (hash, sign_in_id, issued_at)
SELECT :token::varchar, id, :now FROM begun WHERE :token::varchar IS NOT NULL
"""
BEGUN = "p.id, p.name, p.roles, p.places FROM present p, begun"
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
