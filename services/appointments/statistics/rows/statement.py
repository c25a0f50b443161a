"""The rows behind a figure: what a line counts, one by one."""

from services.appointments.queueing.workflow import NOT_UNDONE
from services.appointments.statistics.statement import (
    AT_A_WINDOW,
    AT_WINDOWS,
    HALLS_AND_DAYS,
)
from services.appointments.statistics.use.statement import APPOINTMENT_FIGURES

_ACTIONS = {
    "issued": "issue",
    "called": "call",
    "served": "finish",
    "missed": "miss",
    "abandoned": "abandon",
    "parked": "park",
    "transferred": "transfer",
    "unfinished": "clear",
    "started": "serve",
}
_TICKET_FIGURES = {
    **{name: f"e.action = '{action}'" for name, action in _ACTIONS.items()},
    **{
        outcome: f"e.action = 'finish' AND e.outcome = '{outcome}'"
        for outcome in ("done", "needs_more", "rejected")
    },
}
_LOCAL = "(e.at AT TIME ZONE h.timezone)"
_AGENCY = "coalesce((SELECT i.department_code FROM item i WHERE i.code = {of}.item_code), '')"
_ENTRY_KEYS = {
    "hall": "(CAST(:key AS text) IS NULL OR h.code = :key)",
    "area": "s.area_code = :key",
    "item": "e.item_code = :key",
    "agency": f"{_AGENCY.format(of='e')} = :key",
    "window": f"coalesce(e.window_no::text, '') = :key AND {AT_A_WINDOW}",
    "clerk": f"e.actor = :key AND {AT_WINDOWS}",
    "hour": f"to_char({_LOCAL}, 'HH24:00') = :key",
    "day": f"to_char({_LOCAL}, 'YYYY-MM-DD') = :key",
    "month": f"to_char({_LOCAL}, 'YYYY-MM') = :key",
}
_APPOINTMENT_KEYS = {
    "hall": "true",
    "item": "a.item_code = :key",
    "agency": f"{_AGENCY.format(of='a')} = :key",
    "hour": "to_char(a.starts_at AT TIME ZONE :zone, 'HH24:00') = :key",
    "day": "to_char(a.on_date, 'YYYY-MM-DD') = :key",
    "month": "to_char(a.on_date, 'YYYY-MM') = :key",
}


def _each(by: str, figure: str, more: str) -> str:
    """The entries `e` of the hall `h` in the days of `s` that a figure of the line counts."""
    return f"""ticket_event e
    WHERE e.hall_code = h.code AND e.at >= s.first::timestamp AT TIME ZONE h.timezone
      AND e.at < (s.last + 1)::timestamp AT TIME ZONE h.timezone
      AND {_TICKET_FIGURES[figure]} AND {_ENTRY_KEYS[by]} AND {NOT_UNDONE.format(e="e")}
      AND {more}"""


def _first_of_day(by: str) -> str:
    """Who is called several times on a day is one person called, whichever of them is shown: the
    first. Where lines are sums of items, that is the first for each item."""
    of_item = "AND e.item_code = t.item_code" if by in ("item", "agency") else ""
    before = f"""e.visit_id = t.visit_id AND e.hall_seq < t.hall_seq {of_item}
      AND e.at >= (t.at AT TIME ZONE h.timezone)::date::timestamp AT TIME ZONE h.timezone"""
    return f"NOT EXISTS (SELECT FROM {_each(by, 'called', before)})"


# An entry that says nothing of waiting ends a service that somebody had waited for.
_WAITED = f"""coalesce(t.waited_seconds, (SELECT w.waited_seconds FROM ticket_event w
        WHERE w.ticket_id = t.ticket_id AND w.hall_seq < t.hall_seq
          AND w.waited_seconds IS NOT NULL AND {NOT_UNDONE.format(e="w")}
        ORDER BY w.hall_seq DESC LIMIT 1))"""


def entries(by: str, figure: str) -> str:
    """Entries of the logs of halls on their days, after (`after_hall`, `after_at`, `after_seq`),
    hall by hall in the order in which it happened."""
    once = _first_of_day(by) if figure == "called" else "true"
    after = (
        "(CAST(:after_hall AS text) IS NULL"
        " OR (e.hall_code, e.at, e.hall_seq) > (:after_hall, :after_at, :after_seq))"
    )
    return f"""
SELECT h.code AS hall_code, h.name AS hall_name, t.hall_seq,
    (t.at AT TIME ZONE h.timezone)::date AS counted_on, t.at, t.action, t.ticket_id, t.number,
    t.item_code, i.name AS item_name, i.department_code, a.name AS department_name, t.window_no,
    t.actor, t.is_at_window, {_WAITED} AS waited_seconds, t.served_seconds, t.outcome,
    CASE WHEN t.outcome = 'needs_more' THEN ARRAY(SELECT jsonb_array_elements_text(k.missing))
        ELSE CAST('{{}}' AS text[]) END AS missing
FROM {HALLS_AND_DAYS}
CROSS JOIN LATERAL (
    SELECT * FROM (SELECT e.*, {AT_WINDOWS} AS is_at_window FROM {_each(by, figure, after)}) t
    WHERE {once} ORDER BY t.at, t.hall_seq LIMIT :limit) t
LEFT JOIN ticket k ON k.id = t.ticket_id
LEFT JOIN item i ON i.code = t.item_code
LEFT JOIN agency a ON a.code = i.department_code
ORDER BY h.code, t.at, t.hall_seq LIMIT :limit"""


def appointments(by: str, figure: str) -> str:
    """Appointments for `first` to `last`, after (`after_at`, `after`)."""
    return f"""
SELECT a.id, a.item_code, a.pool, a.starts_at, a.minutes, a.state, a.checked_in_at
FROM appointment a
WHERE a.hall_code = :hall AND a.on_date BETWEEN :first AND :last
  -- For the index, in whatever zone the hall is.
  AND a.starts_at >= CAST(:first AS date) - interval '1 day'
  AND a.starts_at <= CAST(:last AS date) + interval '2 days'
  AND {APPOINTMENT_FIGURES[figure]} AND {_APPOINTMENT_KEYS[by]}
  AND (CAST(:after AS uuid) IS NULL
    OR (a.starts_at, a.id) > (CAST(:after_at AS timestamptz), CAST(:after AS uuid)))
ORDER BY a.starts_at, a.id LIMIT :limit"""
