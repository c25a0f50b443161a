"""The one statement of a call: who comes is decided and written in a single round trip.

It locks the hall's floor (so that events are numbered without gaps and the order of calls is the
order of due times), then the window, and takes the ticket with SKIP LOCKED, so that it never waits
for one that is just being changed. After a wait for the floor, PostgreSQL looks again at the newest
version of each row before it locks it, so a ticket called meanwhile is passed over. Should two
calls of one window meet all the same, `uq_call_live_window` lets one through.

The 90-minute guard: while an ordinary person (no credit) has waited too long for the item at the
head of the line, one call in `guard_every` for that item takes the longest waiting instead.
`hall_floor.plain_turns` counts the calls by credit since the last such turn.
"""

from services.appointments.queueing.models import TicketState
from services.appointments.queueing.workflow import NOT_UNDONE, WORKFLOW, Action

_CALL = WORKFLOW[TicketState.WAITING, Action.CALL]
_SERVED_HERE = f"""
        t.hall_code = (SELECT hall_code FROM at_work) AND t.state = '{_CALL.state}'
        AND t.items <@ (SELECT items FROM at_work)
        AND (t.for_window_id IS NULL OR t.for_window_id = $1)"""

_NEXT = f"""head AS MATERIALIZED (
    -- Who would be next by due time. Only looked at: the choice comes below.
    SELECT t.item_code FROM ticket t WHERE {_SERVED_HERE}
    ORDER BY t.due_at, t.id LIMIT 1
), waits AS MATERIALIZED (
    -- EXISTS over an ordered LIMIT: the index ix_ticket_waiting answers it from its first row.
    SELECT EXISTS (
        SELECT 1 FROM ticket t WHERE {_SERVED_HERE} AND t.credit_minutes = 0
            AND t.due_at < $5::timestamptz - make_interval(mins => (SELECT guard_after FROM policy))
            AND t.item_code = (SELECT item_code FROM head)
        ORDER BY t.due_at, t.id LIMIT 1) AS too_long
), guard AS MATERIALIZED (
    -- Whether it is the turn of who has waited longest, whatever credit others have.
    SELECT head.item_code, waits.too_long, waits.too_long
        AND coalesce((at_work.plain_turns ->> head.item_code)::int, 0) >= policy.guard_every - 1
        AS ignores_credits
    FROM head, at_work, policy, waits
), by_wait AS (
    -- SKIP LOCKED: a ticket that its person is just giving up is not waited for.
    SELECT t.id, t.version FROM ticket t
    WHERE (SELECT ignores_credits FROM guard) AND {_SERVED_HERE}
        AND t.item_code = (SELECT item_code FROM guard)
    ORDER BY t.ready_at, t.id LIMIT 1 FOR UPDATE SKIP LOCKED
), by_credit AS (
    -- Two branches and no CASE in ORDER BY, so that each has an index to go by.
    SELECT t.id, t.version FROM ticket t
    WHERE NOT (SELECT ignores_credits FROM guard) AND {_SERVED_HERE}
    ORDER BY t.due_at, t.id LIMIT 1 FOR UPDATE SKIP LOCKED
), picked AS (
    -- At most one of the two has a row.
    SELECT * FROM by_wait UNION ALL SELECT * FROM by_credit"""
"""Who is due first among those served here; or, as the guard decides, who has waited longest."""
_TURNS = """CASE
        WHEN guard.ignores_credits THEN f.plain_turns || jsonb_build_object(guard.item_code, 0)
        WHEN guard.too_long THEN f.plain_turns || jsonb_build_object(
            guard.item_code, coalesce((f.plain_turns ->> guard.item_code)::int, 0) + 1)
        ELSE f.plain_turns - guard.item_code END"""
"""Counts calls by credit since the last turn by waiting; forgets the item once none waits long."""

_CERTAIN = f"""guard AS MATERIALIZED (
    -- Nobody's turn is used up by a call out of turn.
    SELECT false AS ignores_credits
), picked AS (
    -- The one that was named; where they were sent to another window, they come here all the same.
    SELECT t.id, t.version FROM ticket t
    WHERE t.id = $13 AND t.hall_code = (SELECT hall_code FROM at_work)
        AND t.state = '{_CALL.state}' AND t.items <@ (SELECT items FROM at_work)
    FOR UPDATE SKIP LOCKED
"""


_AT_WORK = """floor AS MATERIALIZED (
    -- First lock: the hall. Everybody who calls in it waits here, a few milliseconds, and for that
    -- the events of the hall are numbered without a gap. No row for a caller of another hall.
    SELECT f.hall_code, f.plain_turns FROM hall_floor f
    WHERE f.hall_code = (SELECT w.hall_code FROM window_at_work w WHERE w.window_id = $1)
        AND ($2::text[] @> ARRAY['*'] OR f.hall_code = ANY ($2::text[]))
    FOR UPDATE
), at_work AS MATERIALIZED (
    -- Second lock: the window, open and with nobody there. Empty otherwise, and all below with it.
    SELECT w.window_id, w.window_no, w.hall_code, floor.plain_turns,
        ARRAY(SELECT i.item_code::text FROM window_item i WHERE i.window_id = $1) AS items
    FROM window_at_work w JOIN floor ON floor.hall_code = w.hall_code
    WHERE w.window_id = $1 AND w.state = 'open' AND NOT EXISTS (
        SELECT 1 FROM call c WHERE c.window_id = $1 AND c.ended_at IS NULL)
    FOR UPDATE OF w
), policy AS MATERIALIZED (
    -- The newest version in force; a hall that decided none gets the defaults ($3, $4).
    SELECT coalesce(p.version, 0) AS version,
        coalesce((p.rules ->> 'guard_after_minutes')::int, $3) AS guard_after,
        coalesce((p.rules ->> 'guard_every')::int, $4) AS guard_every
    FROM at_work LEFT JOIN LATERAL (
        SELECT q.version, q.rules FROM queue_policy q WHERE q.hall_code = at_work.hall_code
        ORDER BY q.version DESC LIMIT 1) p ON true
)"""
"""Where the call is made, by which policy; both locks."""


_LOGGED = f"""logged AS (
    -- Numbered under the lock of the floor: the log of a hall has neither gap nor double. A leg
    -- waits once, until its first call that was not undone: neither the service before a transfer
    -- nor what came after a miss or a parking is waiting.
    INSERT INTO ticket_event (hall_code, hall_seq, ticket_id, visit_id, number, item_code, action,
        from_state, to_state, version, at, actor, window_id, window_no, call_id, waited_seconds,
        before)
    SELECT called.hall_code, numbered.seq, called.id, called.visit_id, called.number,
        called.item_code, '{_CALL.action}', '{_CALL.state}', '{_CALL.to}', called.version, $5, $7,
        called.window_id, called.window_no, $6,
        CASE WHEN NOT EXISTS (SELECT FROM ticket_event e WHERE e.ticket_id = called.id
                AND e.action = '{_CALL.action}' AND {NOT_UNDONE.format(e="e")})
            THEN greatest(extract(epoch FROM $5 - called.began_to_wait), 0) END, called.before
    FROM called, numbered
), promised AS (
    -- The event in the outbox: committed with the call, or not at all.
    INSERT INTO outbox (event_id, subject, body, traceparent)
    SELECT $9, $10 || '.' || called.hall_code, convert_to(($11::jsonb || jsonb_build_object(
        'subject', called.id::text, 'data', jsonb_build_object(
            'ticket_id', called.id, 'visit_id', called.visit_id, 'hall_code', called.hall_code,
            'hall_seq', numbered.seq, 'number', called.number, 'item_code', called.item_code,
            'state', '{_CALL.to}', 'version', called.version, 'window_no', called.window_no,
            'at', $11::jsonb -> 'time')))::text, 'UTF8'), $12
    FROM called, numbered
)
SELECT called.*, numbered.seq FROM called, numbered
"""
"""What the log of the hall and the outbox get of the call, and what the caller is answered."""


def _statement(choice: str, *, turns: str, overtaken: str, reason: str) -> str:
    """The call of whom the CTE `picked` of the choice names."""
    return f"""
WITH {_AT_WORK}, {choice}), called AS (
    -- The version once more: SKIP LOCKED has locked the row, but `picked` may be of an older
    -- snapshot. `before` is what an undo puts back.
    UPDATE ticket t SET state = '{_CALL.to}', state_since = $5, version = t.version + 1,
        window_id = at_work.window_id, window_no = at_work.window_no, called_at = $5,
        last_called_at = $5, recalls = 0
    FROM at_work
    WHERE t.id = (SELECT id FROM picked) AND t.version = (SELECT version FROM picked)
        AND t.state = '{_CALL.state}'
    RETURNING new.*, jsonb_build_object(
        'state', '{_CALL.state}', 'state_since', old.state_since, 'ready_at', old.ready_at,
        'due_at', old.due_at, 'window_id', NULL, 'window_no', NULL, 'called_at', NULL,
        'last_called_at', NULL, 'recalls', 0, 'outcome', old.outcome, 'missing', old.missing,
        'next_leg_id', old.next_leg_id) AS before,
        CASE WHEN old.leg = 1 THEN greatest(old.state_since, old.ready_at)
            ELSE old.state_since END AS began_to_wait
), numbered AS (
    UPDATE hall_floor f SET seq = f.seq + 1, plain_turns = {turns}
    FROM called, guard WHERE f.hall_code = called.hall_code
    RETURNING f.seq
), noted AS (
    -- uq_call_live_window and uq_call_live_ticket are the guarantee; `overtook` is for complaints.
    INSERT INTO call (id, ticket_id, hall_code, window_id, window_no, item_code, clerk,
        policy_version, ignored_credits, overtook, request_key, reason, called_at)
    SELECT $6, called.id, called.hall_code, called.window_id, called.window_no, called.item_code,
        $7, policy.version, guard.ignores_credits,
        ARRAY(SELECT t.id::text FROM ticket t WHERE {_SERVED_HERE} AND t.id <> called.id
            AND {overtaken}),
        $8, {reason}, $5
    FROM called, policy, guard
), {_LOGGED}"""


CALL_NEXT = _statement(
    _NEXT,
    turns=_TURNS,
    overtaken="t.due_at < called.ready_at AND t.ready_at < called.ready_at",
    reason="NULL",
)
CALL_TICKET = _statement(
    _CERTAIN,
    turns="f.plain_turns",
    overtaken="(t.due_at, t.id) < (called.due_at, called.id)",
    reason="$14",
)
"""Calls the ticket $13 for the reason $14, whoever is due before it."""

WHY_NOT = """
SELECT w.hall_code, coalesce(at_work.state, 'offline') AS state,
    coalesce(at_work.version, 0) AS version,
    there.id AS live_ticket_id, there.number AS live_number, there.state AS live_state,
    repeated.ticket_id AS repeated_ticket_id, repeated.reason AS repeated_reason,
    ARRAY(SELECT i.item_code::text FROM window_item i WHERE i.window_id = w.id) AS items
FROM "window" w
LEFT JOIN window_at_work at_work ON at_work.window_id = w.id
LEFT JOIN call live ON live.window_id = w.id AND live.ended_at IS NULL
LEFT JOIN ticket there ON there.id = live.ticket_id
LEFT JOIN call repeated ON repeated.window_id = w.id
    AND (repeated.request_key = $2 OR repeated.request_key = $3 AND repeated.clerk = $4)
WHERE w.id = $1
"""
"""Why a call brought nobody; also finds the call that the same request made before: by the key $2,
or as the release before kept it, by the caller's own word $3 alone."""

TICKET = "SELECT * FROM ticket WHERE id = $1"

BY_NUMBER = """
SELECT t.id FROM ticket t JOIN hall h ON h.code = t.hall_code
WHERE t.hall_code = $1 AND t.number = $2
    AND t.service_day = ($3::timestamptz AT TIME ZONE h.timezone)::date
ORDER BY t.leg DESC LIMIT 1
"""
"""The last leg of today's number."""
