"""How a day's use of places and windows is counted, and how its figures are read from the sums.

Appointments and places count on the day for which they were booked, in the hour in which they
begin; a place that serves several items is offered with each of them. Windows count by the time
that they had each state, cut at the hour and the day; services and ways by the log, when they
ended and when the person was there.
"""

from services.appointments.booking.models import AppointmentState
from services.appointments.booking.workflow import HOLDING
from services.appointments.queueing.models import WindowState
from services.appointments.queueing.workflow import NOT_UNDONE
from services.appointments.slots.models import SlotState
from services.appointments.statistics.statement import (
    IN_ORDER,
    LINE,
    day_bounds,
    lines_of,
    touched_days,
    with_histograms,
)
from shared.database.transitions import listed

_A = AppointmentState
_AT_WORK = listed([WindowState.OPEN, WindowState.PAUSED, WindowState.DRAINING])
_OFFERED = f"s.state IN ({listed([SlotState.OPEN, SlotState.CLOSED])})"
# A hold is of version 1 and what ends it makes 2; what replaced another was never a hold.
_ONLY_HELD = (
    f"(a.state IN ({listed([_A.HELD, _A.EXPIRED])})"
    f" OR a.state IN ({listed([_A.CANCELLED, _A.CANCELLED_BY_HALL])})"
    " AND a.resolved IS NULL AND a.rescheduled_from IS NULL AND a.version <= 2)"
)


def _state(state: AppointmentState) -> str:
    return f"a.state = '{state}'"


APPOINTMENT_FIGURES = {
    "booked": "true",
    "confirmed": f"NOT {_ONLY_HELD}",
    "expired": _state(_A.EXPIRED),
    "cancelled_by_person": f"{_state(_A.CANCELLED)} AND NOT a.cancelled_by_staff",
    "cancelled_by_staff": f"{_state(_A.CANCELLED)} AND a.cancelled_by_staff",
    "cancelled_by_hall": _state(_A.CANCELLED_BY_HALL),
    "cancelled_by_unknown": f"{_state(_A.CANCELLED)} AND a.cancelled_by_staff IS NULL",
    "moved": _state(_A.RESCHEDULED),
    "orphaned": f"({_state(_A.ORPHANED)} OR a.resolved IS NOT NULL OR a.regained_at IS NOT NULL)",
    "came": "a.checked_in_at IS NOT NULL",
    "late": "a.checked_in_at > a.starts_at",
    "served": _state(_A.SERVED),
    "no_shows": _state(_A.NO_SHOW),
    "lapsed": _state(_A.LAPSED),
}
"""Which appointments each figure counts, of `appointment a`."""
_PLACES = ("places_offered", "places_booked", "places_used")
_FLOOR = ("started", "serving_ms", "way_ms")
_WINDOWS = ("open_ms", "paused_ms")
COUNTED = (*APPOINTMENT_FIGURES, *_PLACES, *_FLOOR, *_WINDOWS)
_ARRAYS = ("ways", "ways_n")
_CELL = ("grouping", "day", "key")
_VALUES = (*COUNTED, *_ARRAYS)
_IS_ASKED = "g.grouping = ANY(CAST(:groupings AS text[]))"


def _hour(moment: str, zone: str) -> str:
    return f"to_char({moment} AT TIME ZONE {zone}, 'HH24:00')"


def _booked(hall: str, zone: str) -> str:
    counts = (
        f"(count(*) FILTER (WHERE {those}))::int AS {name}"
        for name, those in APPOINTMENT_FIGURES.items()
    )
    # `on_date` is the day; the index is by the moment.
    return f"""
appointments AS (
    SELECT g.grouping, d.day, g.key, {", ".join(counts)}
    FROM days d JOIN appointment a ON a.hall_code = {hall} AND a.on_date = d.day
      AND a.starts_at BETWEEN d.start - interval '1 day' AND d.stop + interval '1 day'
    CROSS JOIN LATERAL (VALUES ('hall', ''), ('item', a.item_code),
        ('hour', {_hour("a.starts_at", zone)})) g (grouping, key)
    WHERE {_IS_ASKED} GROUP BY g.grouping, d.day, g.key
)"""


def _places(hall: str, zone: str) -> str:
    of_day = f"days d JOIN slot s ON s.hall_code = {hall} AND s.on_date = d.day AND {_OFFERED}"
    hour = _hour("s.starts_at", zone)
    return f"""
offered AS (
    SELECT g.grouping, d.day, g.key, sum(s.capacity)::int AS places_offered
    FROM {of_day} CROSS JOIN LATERAL (SELECT 'hall', '' UNION ALL SELECT 'hour', {hour}
        UNION ALL SELECT 'item', i FROM unnest(s.item_codes) i) g (grouping, key)
    WHERE {_IS_ASKED} GROUP BY g.grouping, d.day, g.key
), taken AS (
    SELECT g.grouping, d.day, g.key, count(*)::int AS places_booked,
        (count(*) FILTER (WHERE {APPOINTMENT_FIGURES["came"]}))::int AS places_used
    FROM {of_day} JOIN appointment_slot x ON x.slot_id = s.id
    JOIN appointment a ON a.id = x.appointment_id AND a.state IN ({listed(HOLDING)})
    CROSS JOIN LATERAL (VALUES ('hall', ''), ('item', a.item_code), ('hour', {hour}))
        g (grouping, key)
    WHERE {_IS_ASKED} GROUP BY g.grouping, d.day, g.key
)"""


def _worked(hall: str, zone: str) -> str:
    """Shifts that are over by their log, and those that go on until now."""
    ms = "round(extract(epoch FROM g.ended_at - g.began_at) * 1000)"
    return f"""
pieces AS MATERIALIZED (
    SELECT d.day, s.window_no, s.account, s.state, greatest(s.began_at, d.start) AS began_at,
        least(s.ended_at, d.stop) AS ended_at
    FROM days d CROSS JOIN LATERAL (
        SELECT w.window_no, w.account, w.state, w.began_at, w.ended_at FROM window_shift w
        WHERE w.hall_code = {hall} AND w.ended_at > d.start AND w.began_at < d.stop
          AND w.state IN ({_AT_WORK})
        UNION ALL
        SELECT w.window_no, coalesce(w.account, w.clerk), w.state, w.since,
            CAST(:now AS timestamptz)
        FROM window_at_work w WHERE w.hall_code = {hall} AND w.since < d.stop
          AND w.state IN ({_AT_WORK}) AND CAST(:now AS timestamptz) > d.start
    ) s
), worked AS (
    SELECT g.grouping, p.day, g.key,
        coalesce(sum({ms}) FILTER (WHERE p.state <> '{WindowState.PAUSED}'), 0)::bigint AS open_ms,
        coalesce(sum({ms}) FILTER (WHERE p.state = '{WindowState.PAUSED}'), 0)::bigint AS paused_ms
    FROM pieces p CROSS JOIN LATERAL (
        VALUES ('hall', '', p.began_at, p.ended_at), ('clerk', p.account, p.began_at, p.ended_at),
            ('window', p.window_no::text, p.began_at, p.ended_at)
        UNION ALL
        SELECT 'hour', to_char(h, 'HH24:00'), greatest(p.began_at, h AT TIME ZONE {zone}),
            least(p.ended_at, (h + interval '1 hour') AT TIME ZONE {zone})
        FROM generate_series(date_trunc('hour', p.began_at AT TIME ZONE {zone}),
            p.ended_at AT TIME ZONE {zone}, interval '1 hour') h
    ) g (grouping, key, began_at, ended_at)
    WHERE {_IS_ASKED} AND g.began_at < g.ended_at GROUP BY g.grouping, p.day, g.key
)"""


def _on_floor(hall: str, zone: str) -> str:
    """Services by the log, and the way from the call to the window: by tenths of a minute."""
    return f"""
seen AS MATERIALIZED (
    SELECT d.day, e.*, CASE WHEN e.action = 'serve' THEN (
        SELECT extract(epoch FROM e.at - c.at) FROM ticket_event c
        WHERE c.ticket_id = e.ticket_id AND c.call_id = e.call_id AND c.action = 'call'
        ORDER BY c.hall_seq DESC LIMIT 1) END AS way
    FROM days d CROSS JOIN LATERAL (SELECT * FROM ticket_event t
        WHERE t.hall_code = {hall} AND t.at >= d.start AND t.at < d.stop OFFSET 0) e
    WHERE (e.action = 'serve' OR e.action <> 'undo' AND e.served_seconds IS NOT NULL)
      AND {NOT_UNDONE.format(e="e")}
), each AS MATERIALIZED (
    SELECT g.grouping, e.day, g.key, e.served_seconds, e.way
    FROM seen e CROSS JOIN LATERAL (VALUES ('hall', ''), ('item', e.item_code),
        ('window', coalesce(e.window_no::text, '')), ('clerk', e.actor),
        ('hour', {_hour("e.at", zone)})) g (grouping, key)
    WHERE {_IS_ASKED}
), floor AS (
    SELECT grouping, day, key, count(way)::int AS started,
        coalesce(sum(round((served_seconds * 1000)::numeric)), 0)::bigint AS serving_ms,
        coalesce(sum(round(way * 1000)), 0)::bigint AS way_ms
    FROM each GROUP BY grouping, day, key
), walked AS (
    SELECT grouping, day, key, array_agg(tenths ORDER BY tenths) AS ways,
        array_agg(n ORDER BY tenths) AS ways_n
    FROM (SELECT grouping, day, key, round(way / 6)::int AS tenths, count(*)::int AS n
          FROM each WHERE way IS NOT NULL GROUP BY 1, 2, 3, 4) counted
    GROUP BY grouping, day, key
)"""


def _cells(hall: str, zone: str) -> str:
    """The sums of `days` (day, start, stop) of a hall in the groupings that are asked for."""
    parts = (_booked(hall, zone), _places(hall, zone), _worked(hall, zone), _on_floor(hall, zone))
    numbers = ", ".join(f"coalesce({name}, 0) AS {name}" for name in COUNTED)
    arrays = ", ".join(f"coalesce({name}, '{{}}') AS {name}" for name in _ARRAYS)
    using = f"USING ({', '.join(_CELL)})"
    joined = f" {using} FULL JOIN ".join(("offered", "taken", "worked", "floor", "walked"))
    return f"""{",".join(parts)}, cells AS MATERIALIZED (
    SELECT {", ".join(_CELL)}, {numbers}, {arrays} FROM appointments FULL JOIN {joined} {using}
)"""


_COLUMNS = ", ".join((*_CELL, *_VALUES))
_SET = ", ".join(_VALUES)
_OLD, _NEW = (", ".join(f"{of}.{name}" for name in _VALUES) for of in ("t", "excluded"))
TALLY = f"""
WITH days AS (
    SELECT {day_bounds(":zone")} FROM (SELECT CAST(:day AS date)) d (day)
), {_cells(":hall", ":zone")}, gone AS (
    DELETE FROM use_tally t WHERE t.hall_code = :hall AND t.day = :day
      AND t.grouping = ANY(CAST(:groupings AS text[])) AND NOT EXISTS (
        SELECT FROM cells c WHERE (c.grouping, c.key) = (t.grouping, t.key))
    RETURNING t.day
), put AS (
    INSERT INTO use_tally AS t (hall_code, {_COLUMNS}) SELECT :hall, {_COLUMNS} FROM cells
    ON CONFLICT (hall_code, grouping, day, key) DO UPDATE SET ({_SET}) = ROW ({_NEW})
    WHERE ({_OLD}) IS DISTINCT FROM ({_NEW}) RETURNING t.day
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put)"""
"""Forms the sums of a day that is over anew; how many were not so before."""

IS_UNCHANGED = """
SELECT NOT EXISTS (SELECT FROM use_recount m WHERE (m.hall_code, m.day) = (:hall, :day))
  AND NOT EXISTS (SELECT FROM ticket_event e JOIN counted_hall c ON c.hall_code = e.hall_code
      WHERE e.hall_code = :hall AND e.hall_seq > c.through_seq)"""

FORGET_TOUCHED = f"""
DELETE FROM counted_use_day c WHERE c.hall_code = :hall AND c.day IN (
    SELECT day FROM ({touched_days(":hall", ":zone", ":after")} AND e.hall_seq <= :through) t)"""

# Marks are taken away before what they are about is counted: one made meanwhile stays.
FORGET_MARKED = """
WITH marks AS (
    DELETE FROM use_recount WHERE id IN (SELECT id FROM use_recount ORDER BY id LIMIT :most)
    RETURNING hall_code, day
), forgotten AS (
    DELETE FROM counted_use_day c USING marks m WHERE (c.hall_code, c.day) = (m.hall_code, m.day)
    RETURNING c.day
)
SELECT count(*) FROM marks"""

UNCOUNTED = """
SELECT h.code, h.timezone, missing.day FROM hall h
JOIN counted_hall k ON k.hall_code = h.code AND k.timezone = h.timezone
CROSS JOIN LATERAL (SELECT least(
    (SELECT min(e.at) FROM ticket_event e WHERE e.hall_code = h.code),
    (SELECT min(a.starts_at) FROM appointment a WHERE a.hall_code = h.code),
    (SELECT min(w.ended_at) FROM window_shift w WHERE w.hall_code = h.code)) AS at) oldest
CROSS JOIN LATERAL (
    SELECT d::date AS day FROM generate_series((oldest.at AT TIME ZONE h.timezone)::date,
        (CAST(:now AS timestamptz) AT TIME ZONE h.timezone)::date - 1, interval '1 day') d
    WHERE NOT EXISTS (SELECT FROM counted_use_day c WHERE c.hall_code = h.code
        AND c.day = d::date) ORDER BY d DESC LIMIT 1) missing
ORDER BY missing.day DESC, h.code LIMIT 1"""
"""The latest past day that was never counted: today's windows are open until nobody knows when."""

_SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in COUNTED)
FIGURES = f"""
WITH counted AS MATERIALIZED (
    SELECT through_seq FROM counted_hall WHERE hall_code = :hall AND timezone = :zone
), touched AS MATERIALIZED (
    {touched_days(":hall", ":zone", "(SELECT through_seq FROM counted)")}
), kept_days AS MATERIALIZED (
    SELECT d.day FROM counted_use_day d, counted WHERE d.hall_code = :hall
      AND d.day BETWEEN :first AND :last AND d.day NOT IN (SELECT day FROM touched)
      AND NOT EXISTS (SELECT FROM use_recount m WHERE (m.hall_code, m.day) = (:hall, d.day))
), days AS MATERIALIZED (
    SELECT {day_bounds(":zone")}
    FROM (SELECT d::date FROM generate_series(
        CAST(:first AS date), CAST(:last AS date), interval '1 day') d) d (day)
    WHERE d.day NOT IN (SELECT day FROM kept_days)
), {_cells(":hall", ":zone")}, every AS MATERIALIZED (
    SELECT CAST(:hall AS text) AS hall_code, '' AS area_code, {_COLUMNS} FROM cells
    UNION ALL
    SELECT hall_code, '', {_COLUMNS} FROM use_tally t
    WHERE t.hall_code = :hall AND t.grouping = ANY(CAST(:groupings AS text[]))
      AND t.day BETWEEN :first AND :last AND t.day IN (SELECT day FROM kept_days)
), {lines_of(_SUMS, "ways")}
SELECT {LINE}, {", ".join(f"s.{name}" for name in COUNTED)}, coalesce(ways.packed, 0)::text
{with_histograms("ways")}
{IN_ORDER}"""
"""By a line each, and the total, of one hall; ways to the window as histograms."""
