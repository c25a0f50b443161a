"""The audit again, in DuckDB, from facts and dates alone: no ordinal, no statement of the service.

It knows one claim a duty and two clocks, which is what the test plays with: working days, and a
display for `shows` plain days from the day on.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

TABLES = {
    "days": "day DATE, is_workday BOOL",
    "duty": "id UUID, unit VARCHAR, formed_on DATE, n INT, shows INT, hold VARCHAR,"
    " in_review BOOL, made TIMESTAMP",
    "seen": "id UUID, seen_on DATE, absent DATE, claim DATE, cms DATE, missing BOOL, last DATE",
    "gone": "id UUID, gone_on DATE, last DATE, is_gone BOOL",
    "walk": "unit VARCHAR, walked_on DATE, walked_at TIMESTAMP",
}

AUDIT = """
WITH works AS (SELECT day, row_number() OVER (ORDER BY day) AS k FROM days WHERE is_workday),
due AS (
  SELECT d.*, CASE WHEN shows IS NOT NULL THEN formed_on + n
           ELSE (SELECT day FROM works WHERE k = d.n + (
             SELECT count(*) FROM works WHERE day <= d.formed_on)) END AS due_on
  FROM duty d),
facts AS (
  SELECT d.*, s.id IS NOT NULL AS is_seen, s.seen_on, s.absent, s.claim, s.missing,
         coalesce(g.last, s.last) AS last, g.gone_on, coalesce(g.is_gone, false) AS is_gone,
         CASE WHEN w.walked_at >= d.made THEN w.walked_on END AS walked_on,
         coalesce(s.cms > s.claim + INTERVAL 1 DAY, false) OR coalesce(s.claim < s.absent, false)
           OR coalesce(s.claim > s.seen_on, false) AS contradicted
  FROM due d LEFT JOIN seen s USING (id) LEFT JOIN gone g USING (id)
  LEFT JOIN (SELECT unit, max(walked_on) AS walked_on, max(walked_at) AS walked_at
             FROM walk GROUP BY unit) w
    ON w.unit = d.unit),
stays AS (
  SELECT *, greatest(formed_on, coalesce(CASE WHEN NOT contradicted THEN claim END, absent)) + shows
           AS least_on,
         greatest(formed_on, coalesce(CASE WHEN NOT contradicted THEN claim END, seen_on)) + shows
           AS most_on
  FROM facts),
shown AS (
  SELECT *, CASE
    WHEN shows IS NULL THEN CASE WHEN is_gone THEN 'withdrawn' WHEN missing THEN 'incomplete'
      ELSE 'on_time' END
    WHEN gone_on <= most_on OR gone_on IS NOT NULL AND last < most_on THEN CASE
      WHEN gone_on <= least_on AND (absent IS NOT NULL OR claim IS NOT NULL AND NOT contradicted)
      THEN 'withdrawn' ELSE 'unknown' END
    WHEN missing THEN 'incomplete'
    WHEN gone_on IS NOT NULL OR last >= most_on THEN 'on_time'
    WHEN $today > most_on THEN 'unknown_source_down' ELSE 'pending' END AS stay
  FROM stays),
judged AS (
  SELECT *, CASE
    WHEN hold = 'exempt' THEN 'exempt'
    WHEN hold = 'suspended' THEN 'suspended'
    WHEN hold = 'disputed' THEN 'time_disputed'
    WHEN formed_on IS NULL THEN 'unknown'
    WHEN is_seen AND seen_on < formed_on THEN 'early_violation'
    WHEN is_seen AND claim < formed_on AND NOT contradicted THEN 'early_violation'
    WHEN is_seen AND (seen_on <= due_on OR NOT coalesce(absent > due_on, false) AND NOT contradicted
                      AND claim <= due_on)
      THEN stay
    WHEN is_seen AND absent > due_on THEN 'late'
    WHEN is_seen AND contradicted THEN 'time_disputed'
    WHEN is_seen AND claim IS NULL THEN 'unknown'
    WHEN is_seen THEN 'late'
    WHEN $today <= due_on THEN CASE
      WHEN CASE WHEN shows IS NOT NULL THEN due_on - $today + 1
        ELSE (SELECT count(*) FROM works WHERE day >= $today AND day <= due_on) END <= 4
      THEN 'due_soon' ELSE 'pending' END
    WHEN in_review THEN 'unknown'
    WHEN walked_on > due_on THEN 'overdue'
    ELSE 'unknown_source_down' END AS verdict
  FROM shown),
late AS (
  SELECT unit, verdict, CASE WHEN verdict = 'late' AND shows IS NOT NULL THEN greatest(
    absent, CASE WHEN NOT contradicted THEN claim END) - due_on WHEN verdict = 'late' THEN 1 + (
    SELECT count(*) FROM works WHERE day > due_on AND day < greatest(
      absent, CASE WHEN NOT contradicted THEN claim END)) END AS over_by
  FROM judged)
SELECT unit, verdict, count(*), coalesce(sum(over_by), 0)::INT FROM late GROUP BY ALL
"""


def audit(
    today: date, tables: dict[str, Sequence[tuple[Any, ...]]]
) -> dict[tuple[str, str], tuple[int, int]]:
    """By unit and verdict: how many duties, and by how many days the late ones are over."""
    with duckdb.connect() as duck:
        for name, columns in TABLES.items():
            duck.execute(f"CREATE TABLE {name} ({columns})")
            if rows := tables[name]:  # a column at a time: row by row takes a hundred times as long
                kinds = [column.split()[1] for column in columns.split(", ")]
                given = ", ".join(f"unnest(CAST(? AS {kind}[]))" for kind in kinds)
                duck.execute(f"INSERT INTO {name} SELECT {given}", list(zip(*rows, strict=True)))
        found = duck.execute(AUDIT, {"today": today}).fetchall()
    return {(unit, verdict): (n, over_by) for unit, verdict, n, over_by in found}
