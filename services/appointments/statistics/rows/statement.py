"""The rows behind a figure: what a line counts, one by one."""

from services.appointments.statistics.statement import AT_A_WINDOW, AT_WINDOWS, NOT_UNDONE
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
_LOCAL = "(e.at AT TIME ZONE :zone)"
_AGENCY = "coalesce((SELECT i.department_code FROM item i WHERE i.code = {of}.item_code), '')"
_ENTRY_KEYS = {
    "hall": "true",
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


def entries(by: str, figure: str) -> str:
    """Entries of a hall's log over `first` to `last`, after `after`.

    Who is called several times on a day is one person called, whichever of them is shown: the
    first. Where lines are sums of items, that is the first for each item.
    """
    places = "day, visit_id, item_code" if by in ("item", "agency") else "day, visit_id"
    first_only = f"row_number() OVER (PARTITION BY {places} ORDER BY hall_seq)"
    nth = first_only if figure == "called" else "1"
    return f"""
SELECT hall_seq, at, action, ticket_id, number, item_code, window_no, actor, is_at_window,
    waited_seconds, served_seconds, outcome
FROM (SELECT *, {nth} AS nth FROM (
    SELECT e.*, {_LOCAL}::date AS day, {AT_WINDOWS} AS is_at_window FROM ticket_event e
    WHERE e.hall_code = :hall AND e.at >= CAST(:first AS date)::timestamp AT TIME ZONE :zone
      AND e.at < CAST(:end AS date)::timestamp AT TIME ZONE :zone
      AND {_TICKET_FIGURES[figure]} AND {_ENTRY_KEYS[by]} AND {NOT_UNDONE.format(e="e")}
) each) counted
WHERE nth = 1 AND hall_seq > :after ORDER BY hall_seq LIMIT :limit"""


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
