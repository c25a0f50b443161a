"""How a day of a hall is counted out of its log, and how figures of halls are read from the sums.

What was undone does not count. Whoever is called again on the same day counts once, be it by the
same ticket or, after a transfer, by the next one of the visit.
"""

from services.appointments.queueing.workflow import NOT_UNDONE

AT_WINDOWS = "e.action IN ('call', 'recall', 'miss', 'serve', 'finish', 'park', 'transfer')"
AT_A_WINDOW = f"({AT_WINDOWS} OR e.action = 'clear' AND e.window_no IS NOT NULL)"


def month_of(day: str) -> str:
    return f"date_trunc('month', {day}::timestamp)::date"


def _count(action: str, more: str = "true") -> str:
    return f"(count(*) FILTER (WHERE e.action = '{action}' AND {more}))::int"


def _outcome(outcome: str) -> str:
    return _count("finish", f"e.outcome = '{outcome}'")


def _ms(minutes: str) -> str:
    return f"coalesce(sum(round(({minutes} * 60000)::numeric)), 0)::bigint"


_COUNTED = {
    "issued": _count("issue"),
    "called": "(count(DISTINCT e.visit_id) FILTER (WHERE e.action = 'call'))::int",
    "served": _count("finish"),
    "done": _outcome("done"),
    "needs_more": _outcome("needs_more"),
    "rejected": _outcome("rejected"),
    "missed": _count("miss"),
    "abandoned": _count("abandon"),
    "parked": _count("park"),
    "transferred": _count("transfer"),
    "unfinished": _count("clear"),
    "timed": "count(e.served_seconds)::int",
    "service_ms": _ms("e.served_seconds / 60"),
    "estimated": "count(e.first_wait)::int",
    "estimates_off_ms": _ms("abs(e.predicted_p50 - e.first_wait / 60)"),
    # Told in whole minutes: "0" holds for whoever was called within the minute.
    "estimates_covered": "(count(*) FILTER (WHERE"
    " floor(e.first_wait / 60) <= e.predicted_p85))::int",
}
TYPES = {name: sql.rpartition("::")[2] for name, sql in _COUNTED.items()}
_LONGEST = "round((max(e.waited_seconds) * 1000)::numeric)::int AS longest_wait_ms"
ARRAYS = ("waits", "waits_n", "services", "services_n")
VALUES = (*_COUNTED, "longest_wait_ms", *ARRAYS)


def _histogram(name: str, seconds: str) -> str:
    """By tenths of a minute, as minutes are shown."""
    return f"""{name} AS (
    SELECT grouping, day, key, array_agg(tenths ORDER BY tenths) AS values,
        array_agg(n ORDER BY tenths) AS n
    FROM (SELECT grouping, day, key, round((e.{seconds} / 6)::numeric)::int AS tenths,
              count(*)::int AS n
          FROM each e WHERE e.{seconds} IS NOT NULL GROUP BY 1, 2, 3, 4) counted
    GROUP BY grouping, day, key)"""


def _cells(hall: str, zone: str) -> str:
    """The sums of `days` (day, start, stop) of a hall in the groupings that are asked for."""
    return f"""
happened AS MATERIALIZED (
    SELECT d.day, e.*, CASE WHEN e.action = 'issue' AND e.predicted_p85 IS NOT NULL THEN (
        SELECT w.waited_seconds FROM ticket_event w
        WHERE w.ticket_id = e.ticket_id AND w.hall_code = e.hall_code
          AND w.waited_seconds IS NOT NULL AND w.action <> 'undo' AND {NOT_UNDONE.format(e="w")}
        ORDER BY w.hall_seq LIMIT 1) END AS first_wait
    -- Day by day: how many days there are nobody who plans knows.
    FROM days d CROSS JOIN LATERAL (SELECT * FROM ticket_event t
        WHERE t.hall_code = {hall} AND t.at >= d.start AND t.at < d.stop OFFSET 0) e
    WHERE e.action <> 'undo' AND {NOT_UNDONE.format(e="e")}
), each AS MATERIALIZED (
    SELECT g.grouping, g.key, e.day, e.visit_id, e.action, e.outcome, e.waited_seconds,
        e.served_seconds, e.predicted_p50, e.predicted_p85, e.first_wait
    FROM happened e
    CROSS JOIN LATERAL (VALUES ('hall', '', true), ('item', e.item_code, true),
        ('window', coalesce(e.window_no::text, ''), {AT_A_WINDOW}),
        ('clerk', e.actor, {AT_WINDOWS}),
        ('hour', to_char(e.at AT TIME ZONE {zone}, 'HH24:00'), true)) g (grouping, key, counts)
    WHERE g.counts AND g.grouping = ANY(CAST(:groupings AS text[]))
), {_histogram("waited", "waited_seconds")}, {_histogram("took", "served_seconds")},
cells AS MATERIALIZED (
    SELECT grouping, day, key, {", ".join(f"s.{name}" for name in _COUNTED)}, s.longest_wait_ms,
        coalesce(w.values, '{{}}') AS waits, coalesce(w.n, '{{}}') AS waits_n,
        coalesce(t.values, '{{}}') AS services, coalesce(t.n, '{{}}') AS services_n
    FROM (SELECT grouping, day, key,
              {", ".join(f"{sql} AS {name}" for name, sql in _COUNTED.items())}, {_LONGEST}
          FROM each e GROUP BY grouping, day, key) s
    LEFT JOIN waited w USING (grouping, day, key) LEFT JOIN took t USING (grouping, day, key)
)"""


def day_bounds(zone: str) -> str:
    return (
        f"d.day, d.day::timestamp AT TIME ZONE {zone} AS start,"
        f" (d.day + 1)::timestamp AT TIME ZONE {zone} AS stop"
    )


_COLUMNS = ", ".join(("grouping", "day", "key", *VALUES))
_SET = ", ".join(VALUES)
_OLD, _NEW = (", ".join(f"{of}.{name}" for name in VALUES) for of in ("t", "excluded"))
OVERWRITE = f"DO UPDATE SET ({_SET}) = ROW ({_NEW}) WHERE ({_OLD}) IS DISTINCT FROM ({_NEW})"
TALLY = f"""
WITH days AS (
    SELECT {day_bounds(":zone")} FROM unnest(CAST(:days AS date[])) d (day)
), {_cells(":hall", ":zone")}, gone AS (
    DELETE FROM hall_tally t WHERE t.hall_code = :hall AND t.day = ANY(CAST(:days AS date[]))
      AND t.grouping = ANY(CAST(:groupings AS text[])) AND NOT EXISTS (
        SELECT FROM cells c WHERE (c.grouping, c.day, c.key) = (t.grouping, t.day, t.key))
    RETURNING t.day
), put AS (
    INSERT INTO hall_tally AS t (hall_code, {_COLUMNS}) SELECT :hall, {_COLUMNS} FROM cells
    ON CONFLICT (hall_code, grouping, day, key) {OVERWRITE} RETURNING t.day
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put)"""
"""Forms the sums of these days anew; how many were not so before. A trigger takes the months of
those out of use, until they are added up again."""


def touched_days(hall: str, zone: str, after: str) -> str:
    """The days of all that happened to a ticket of the log's new entries: what is undone, or waited
    for, may be of another day than the entry. By index, entry by entry: whoever plans takes the
    new ones for a third of the log, and would read all of it."""
    return f"""
SELECT DISTINCT (past.at AT TIME ZONE {zone})::date AS day
FROM ticket_event e CROSS JOIN LATERAL (
    SELECT p.at FROM ticket_event p WHERE p.ticket_id = e.ticket_id OFFSET 0) past
WHERE e.hall_code = {hall} AND e.hall_seq > {after}"""


TOUCHED = f"""
SELECT t.day FROM ({touched_days(":hall", ":zone", ":after")} AND e.hall_seq <= :through) t
JOIN counted_hall_day c ON c.hall_code = :hall AND c.day = t.day"""

BEHIND = """
SELECT h.code, h.timezone, c.timezone, c.through_seq, newest.seq FROM hall h
CROSS JOIN LATERAL (SELECT coalesce(max(e.hall_seq), 0) AS seq FROM ticket_event e
    WHERE e.hall_code = h.code) newest
LEFT JOIN counted_hall c ON c.hall_code = h.code
WHERE c.timezone IS DISTINCT FROM h.timezone OR c.through_seq < newest.seq
ORDER BY h.code LIMIT 1"""
"""A hall whose log has gone on, or whose days are no longer those that were counted."""

UNCOUNTED = """
SELECT h.code, h.timezone, missing.day FROM hall h
CROSS JOIN LATERAL (SELECT min(e.at) AS at FROM ticket_event e WHERE e.hall_code = h.code) oldest
CROSS JOIN LATERAL (
    SELECT d::date AS day FROM generate_series((oldest.at AT TIME ZONE h.timezone)::date,
        (CAST(:now AS timestamptz) AT TIME ZONE h.timezone)::date, interval '1 day') d
    WHERE NOT EXISTS (SELECT FROM counted_hall_day c WHERE c.hall_code = h.code
        AND c.day = d::date) ORDER BY d DESC LIMIT 1) missing
ORDER BY missing.day DESC, h.code LIMIT 1"""


_BY = "CAST(:by AS text)"
_OF = f"""CASE {_BY} WHEN 'hall' THEN e.hall_code WHEN 'area' THEN e.area_code
        WHEN 'day' THEN to_char(e.day, 'YYYY-MM-DD') WHEN 'month' THEN to_char(e.day, 'YYYY-MM')
        WHEN 'agency' THEN coalesce(i.department_code, '') ELSE e.key END"""
_TOTAL = "FROM every WHERE grouping = 'hall'"
"""What the total is of: lines by window or clerk leave out what happened at no window."""


def _histogram_of(name: str) -> str:
    """Packed, of every line and of the total: the arrays are unpacked once, in the select list,
    because millions of values go through it for a year of many halls."""
    values = f"unnest({name}) AS value, unnest({name}_n) AS n"
    return f"""{name} AS MATERIALIZED (
    SELECT is_total, of, packed_histogram(array_agg(value), array_agg(n)) AS packed FROM (
        SELECT is_total, of, value, sum(n)::int AS n FROM (
            SELECT false AS is_total, of, {values} FROM named
            UNION ALL SELECT true, '', {values} {_TOTAL}) each
        GROUP BY is_total, of, value) summed
    GROUP BY is_total, of
)"""


def lines_of(sums: str, *histograms: str) -> str:
    """The `sums` of `every` (hall_code, area_code, grouping, day, key and what is summed) by the
    line that they count for, and of all together where there is anything; and of each line the
    histograms that `every` has as arrays, packed."""
    each = ", ".join(map(_histogram_of, histograms))
    return f"""named AS NOT MATERIALIZED (
    SELECT {_OF} AS of, e.*
    FROM every e LEFT JOIN item i ON {_BY} = 'agency' AND i.code = e.key
    WHERE e.grouping = CASE WHEN {_BY} IN ('hall', 'area', 'day', 'month') THEN 'hall'
        WHEN {_BY} = 'agency' THEN 'item' ELSE {_BY} END
), {each}, lines AS MATERIALIZED (
    SELECT false AS is_total, of, {sums} FROM named GROUP BY of
    UNION ALL SELECT true, '', {sums} {_TOTAL} HAVING count(*) > 0
)"""


LINE = f"""s.is_total, nullif(s.of, '') AS key, CASE {_BY}
        WHEN 'hall' THEN (SELECT name FROM hall WHERE code = s.of)
        WHEN 'area' THEN (SELECT name FROM area WHERE code = s.of)
        WHEN 'agency' THEN (SELECT name FROM agency WHERE code = s.of)
        WHEN 'item' THEN (SELECT name FROM item WHERE code = s.of) END AS name"""
"""What a line `s` of `lines_of` is about."""


def with_histograms(*histograms: str) -> str:
    """Each line `s` of `lines_of`, with its histograms, where it has any."""
    joined = (f"LEFT JOIN {name} USING (is_total, of)" for name in histograms)
    return " ".join(("FROM lines s", *joined))


IN_ORDER = "ORDER BY s.is_total, nullif(s.of, '')"
_HISTOGRAMS = ("waits", "services")
_SUMS = ", ".join(
    (
        *(f"sum({name})::bigint AS {name}" for name in _COUNTED),
        "max(longest_wait_ms) AS longest_wait_ms",
        *(f"sum({name}_packed) AS {name}_packed" for name in _HISTOGRAMS),
    )
)
_FRESH = ", ".join((*VALUES, *(f"NULL::numeric AS {name}_packed" for name in _HISTOGRAMS)))
_UNPACKED = (
    f"CASE WHEN {name}_packed IS NULL THEN {part} END AS {part}"
    for name in _HISTOGRAMS
    for part in (name, f"{name}_n")
)
_KEPT = ", ".join(
    (*_COUNTED, "longest_wait_ms", *_UNPACKED, *(f"{name}_packed" for name in _HISTOGRAMS))
)
_OF_HALL = f"""
WITH counted AS MATERIALIZED (
    SELECT through_seq FROM counted_hall WHERE hall_code = h.code AND timezone = h.timezone
), touched AS MATERIALIZED (
    {touched_days("h.code", "h.timezone", "(SELECT through_seq FROM counted)")}
), kept_months AS MATERIALIZED (
    SELECT m.month FROM counted_hall_month m, counted
    WHERE m.hall_code = h.code AND {_BY} <> 'day'
      AND m.month >= s.first AND m.month + interval '1 month' <= s.last + 1
      AND m.month NOT IN (SELECT {month_of("day")} FROM touched)
), kept_days AS MATERIALIZED (
    SELECT d.day FROM counted_hall_day d, counted WHERE d.hall_code = h.code
      AND d.day BETWEEN s.first AND s.last AND d.day NOT IN (SELECT day FROM touched)
      AND {month_of("d.day")} NOT IN (SELECT month FROM kept_months)
), days AS MATERIALIZED (
    SELECT {day_bounds("h.timezone")}
    FROM (SELECT d::date FROM generate_series(s.first, s.last, interval '1 day') d) d (day)
    WHERE d.day NOT IN (SELECT day FROM kept_days)
      AND {month_of("d.day")} NOT IN (SELECT month FROM kept_months)
), {_cells("h.code", "h.timezone")}
SELECT grouping, day, key, {_FRESH} FROM cells
UNION ALL
SELECT grouping, day, key, {_KEPT} FROM hall_tally t
WHERE t.hall_code = h.code AND t.grouping = ANY(CAST(:groupings AS text[]))
  AND t.day BETWEEN s.first AND s.last AND t.day IN (SELECT day FROM kept_days)
UNION ALL
SELECT grouping, month, key, {_KEPT} FROM hall_month_tally t
WHERE t.hall_code = h.code AND t.grouping = ANY(CAST(:groupings AS text[]))
  AND t.month IN (SELECT month FROM kept_months)"""
"""The kept sums of the hall `h` in the days of `s`, by months where whole ones are kept, and its
other days counted from its log."""
HALLS_AND_DAYS = """
    unnest(CAST(:halls AS text[]), CAST(:firsts AS date[]), CAST(:lasts AS date[]),
        CAST(:areas AS text[])) AS s (hall_code, first, last, area_code)
    JOIN hall h ON h.code = s.hall_code OR s.hall_code = '*'"""
"""Each hall `h` that is asked for, and the days `s` of it that count."""
FIGURES = f"""
WITH every AS MATERIALIZED (
    SELECT h.code AS hall_code, s.area_code, e.*
    FROM {HALLS_AND_DAYS} CROSS JOIN LATERAL ({_OF_HALL}) e
    WHERE EXISTS (SELECT FROM ticket_event e WHERE e.hall_code = h.code)
), {lines_of(_SUMS, *_HISTOGRAMS)}
SELECT {LINE},
    s.issued, s.called, s.served, s.done, s.needs_more,
    s.rejected, s.missed, s.abandoned, s.parked, s.transferred, s.unfinished,
    round(s.longest_wait_ms / 60000.0, 1)::float8 AS wait_longest_minutes,
    round(s.service_ms / 60000.0 / nullif(s.timed, 0), 1)::float8 AS service_mean_minutes,
    round(s.done::numeric / nullif(s.served, 0), 4)::float8 AS one_visit_rate,
    (coalesce(s.waits_packed, 0) + coalesce(waits.packed, 0))::text AS waits,
    (coalesce(s.services_packed, 0) + coalesce(services.packed, 0))::text AS services,
    s.estimated, round(s.estimates_off_ms / 60000.0 / nullif(s.estimated, 0), 1)::float8
        AS mean_error_minutes,
    round(s.estimates_covered::numeric / nullif(s.estimated, 0), 4)::float8 AS covered_rate
{with_histograms(*_HISTOGRAMS)}
{IN_ORDER}"""
"""By a line each, and the total, of one hall or of several; waits and services as histograms."""
