"""What has to hold of halls whatever happened in them, looked up by SQL of its own.

Each question counts the rows that break it; what may happen comes from the tables of the workflows.
"""

from collections.abc import Mapping

import asyncpg

from services.appointments.booking.workflow import HOLDING, LIVE
from services.appointments.queueing.workflow import WORKFLOW, Action
from shared.database.transitions import listed

_STEPS = ", ".join(
    f"('{row.state}', '{row.action}', '{row.to}')" for row in WORKFLOW.rows if row.to is not None
)
_CHAIN = """
SELECT e.*, lag(to_state) OVER w AS state_before, lag(version) OVER w AS version_before,
  row_number() OVER w AS place
FROM ticket_event e WINDOW w AS (PARTITION BY ticket_id ORDER BY hall_seq)
"""
_COUNTED = """
SELECT hall_code, grouping, day, key, issued, called, served, done, needs_more, rejected, missed,
  timed, service_ms, longest_wait_ms,
  (SELECT coalesce(sum(n), 0) FROM unnest(waits_n) n) AS waited
FROM hall_tally WHERE grouping IN ('hall', 'item')
"""
_FROM_LOG = """
SELECT e.hall_code, g.grouping, (e.at AT TIME ZONE h.timezone)::date, g.key,
  count(*) FILTER (WHERE action = 'issue'),
  count(DISTINCT visit_id) FILTER (WHERE action = 'call'),
  count(*) FILTER (WHERE action = 'finish'),
  count(*) FILTER (WHERE action = 'finish' AND outcome = 'done'),
  count(*) FILTER (WHERE action = 'finish' AND outcome = 'needs_more'),
  count(*) FILTER (WHERE action = 'finish' AND outcome = 'rejected'),
  count(*) FILTER (WHERE action = 'miss'),
  count(served_seconds), coalesce(sum(round((served_seconds / 60 * 60000)::numeric)), 0),
  round(max(waited_seconds * 1000)::numeric), count(waited_seconds)
FROM ticket_event e JOIN hall h ON h.code = e.hall_code
CROSS JOIN LATERAL (VALUES ('hall', ''), ('item', e.item_code)) g (grouping, key)
GROUP BY 1, 2, 3, 4
"""
_BOTH_WAYS = "(({one}) EXCEPT ({other})) UNION ALL (({other}) EXCEPT ({one}))"

QUESTIONS: Mapping[str, str] = {
    "slots whose count is not that of who has a place there": f"""
        SELECT count(*) FROM slot s LEFT JOIN (
          SELECT x.slot_id, count(*) AS live FROM appointment_slot x
          JOIN appointment a ON a.id = x.appointment_id AND a.state IN ({listed(HOLDING)})
          GROUP BY 1) there ON there.slot_id = s.id
        WHERE s.booked <> coalesce(there.live, 0) OR s.booked > s.capacity""",
    "slots that keep back other places than are to return": """
        SELECT count(*) FROM slot s
        WHERE kept_back <> (SELECT count(*) FROM returning_place r WHERE r.slot_id = s.id)""",
    "appointments whose day is over and that are not": f"""
        SELECT count(*) FROM appointment
        WHERE state IN ({listed(LIVE)}) AND starts_at < now() - interval '1 day'""",
    "appointments that are served without a ticket that is done, or the other way round": """
        SELECT count(*) FROM appointment a FULL JOIN (
          SELECT appointment_id, state FROM ticket WHERE appointment_id IS NOT NULL
        ) t ON t.appointment_id = a.id
        WHERE coalesce(a.state = 'served', false) <> coalesce(t.state = 'done', false)""",
    "steps that a ticket may not take": f"""
        SELECT count(*) FROM ({_CHAIN}) e
        WHERE NOT CASE WHEN place = 1
          THEN action = 'issue' AND to_state IN ({listed(WORKFLOW.starts)}) AND version = 1
          ELSE from_state = state_before AND version = version_before + 1
            AND (from_state, action, to_state) IN ({_STEPS}) END""",
    "tickets that are not what their log says last": """
        SELECT count(*) FROM ticket t LEFT JOIN (
          SELECT DISTINCT ON (ticket_id) ticket_id, to_state, version FROM ticket_event
          ORDER BY ticket_id, hall_seq DESC
        ) l ON l.ticket_id = t.id
        WHERE (l.to_state, l.version) IS DISTINCT FROM (t.state::text, t.version)""",
    "halls whose log has a gap, a double, or goes back in time": """
        SELECT count(*) FROM hall_floor f LEFT JOIN (
          SELECT hall_code, count(*) AS many, max(hall_seq) AS newest, bool_or(late) AS is_late
          FROM (SELECT *, at < lag(at) OVER (PARTITION BY hall_code ORDER BY hall_seq) AS late
            FROM ticket_event) e GROUP BY 1
        ) l USING (hall_code)
        WHERE (coalesce(many, 0), coalesce(newest, 0)) <> (f.seq, f.seq) OR is_late""",
    "calls to a window where somebody was, or of which the log knows nothing": f"""
        SELECT count(*) FROM (
          SELECT c.*, lag(ended_at) OVER (PARTITION BY window_id ORDER BY called_at) AS free_at
          FROM call c) c
        WHERE ended_at IS NULL OR called_at < free_at OR NOT EXISTS (
          SELECT FROM ticket_event e WHERE e.ticket_id = c.ticket_id
            AND e.action = '{Action.CALL}' AND e.call_id = c.id AND e.at = c.called_at)""",
    "sums of days that are not those of the log": f"""
        SELECT count(*) FROM ({_BOTH_WAYS.format(one=_COUNTED, other=_FROM_LOG)}) wrong""",
}


async def faults(owner: asyncpg.Connection) -> dict[str, int]:
    """By question, how many rows break it."""
    return {what: int(await owner.fetchval(sql)) for what, sql in QUESTIONS.items()}
