"""How a day's ratings are counted, the sums that are kept, and how counts are read from both."""

from services.feedback.rating_counts.schemas import NO_ITEM

COUNTS = ("invited", "rated", "excluded", "satisfied", "bad", "rectified", "revisited")

# From the invitations on: who was asked and did not rate is in the denominator of the rating rate.
# What came of follow-ups is counted with these, in the service of appointments.
# A rating in its second round was put right and visited once, whatever its state says now.
_BAD = "(r.grade IN ('dissatisfied', 'very_dissatisfied'))"
_DAYS = """
    SELECT d.day, d.day::timestamp AT TIME ZONE 'Asia/Shanghai' AS start,
        (d.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' AS stop"""
_CELLS = f"""
    SELECT d.day, e.department_code, e.hall_code, coalesce(e.item_code, '{NO_ITEM}') AS item_code,
        count(*)::int AS invited,
        count(r.id)::int AS rated,
        (count(r.id) FILTER (WHERE r.state = 'excluded'))::int AS excluded,
        (count(r.id) FILTER (WHERE r.state <> 'excluded' AND NOT {_BAD}))::int AS satisfied,
        (count(r.id) FILTER (WHERE r.state <> 'excluded' AND {_BAD}))::int AS bad,
        (count(r.id) FILTER (WHERE r.round > 0 OR r.state IN ('feedback_given', 'satisfied_closed',
            'unreachable_closed', 'under_supervision')))::int AS rectified,
        (count(r.id) FILTER (WHERE r.round > 0 OR r.state IN ('satisfied_closed',
            'unreachable_closed', 'under_supervision')))::int AS revisited
    FROM days d
    -- Day by day, and each by its keys: how many days and how many of a day there are is known to
    -- nobody who plans, and the whole tables would be read instead.
    CROSS JOIN LATERAL (SELECT id, service_event_id FROM rating_invitation a
        WHERE a.invited_at >= d.start AND a.invited_at < d.stop OFFSET 0) i
    CROSS JOIN LATERAL (SELECT department_code, hall_code, item_code FROM service_event s
        WHERE s.id = i.service_event_id AND s.followup_id IS NULL LIMIT 1) e
    LEFT JOIN LATERAL (SELECT id, grade, state, round FROM rating g
        WHERE g.invitation_id = i.id LIMIT 1) r ON true
    GROUP BY 1, 2, 3, 4"""

GROUPINGS = {
    frozenset[str](): "all",
    frozenset({"department"}): "department",
    frozenset({"hall"}): "hall",
    frozenset({"item"}): "item",
    frozenset({"department", "hall"}): "department_hall",
}
"""By the codes that a question is about; of more than these together every cell is read."""
CELL = "cell"

_KEY = ("grouping", "day", "department_code", "hall_code", "item_code")
_COLUMNS, _SET = ", ".join((*_KEY, *COUNTS)), ", ".join(COUNTS)
_OLD, _NEW = (", ".join(f"{of}.{name}" for name in COUNTS) for of in ("t", "excluded"))
TALLY = f"""
WITH days AS ({_DAYS} FROM unnest(CAST(:days AS date[])) d (day)
), cells AS MATERIALIZED ({_CELLS}
), sums AS MATERIALIZED (
    SELECT CASE grouping(department_code, hall_code, item_code) WHEN 7 THEN 'all'
            WHEN 3 THEN 'department' WHEN 5 THEN 'hall' WHEN 6 THEN 'item'
            WHEN 1 THEN 'department_hall' ELSE '{CELL}' END AS grouping,
        day, coalesce(department_code, '') AS department_code,
        coalesce(hall_code, '') AS hall_code, coalesce(item_code, '') AS item_code,
        {", ".join(f"sum({name})::int AS {name}" for name in COUNTS)}
    FROM cells GROUP BY GROUPING SETS ((day), (day, department_code), (day, hall_code),
        (day, item_code), (day, department_code, hall_code),
        (day, department_code, hall_code, item_code))
), gone AS (
    DELETE FROM rating_tally t WHERE t.day = ANY(CAST(:days AS date[]))
      AND t.grouping = ANY(CAST(:groupings AS text[])) AND NOT EXISTS (
        SELECT FROM sums s
        WHERE ({", ".join(f"s.{name}" for name in _KEY)})
            = ({", ".join(f"t.{name}" for name in _KEY)}))
    RETURNING t.day
), put AS (
    INSERT INTO rating_tally AS t ({_COLUMNS}) SELECT {_COLUMNS} FROM sums
    ON CONFLICT ({", ".join(_KEY)}) DO UPDATE SET ({_SET}) = ROW ({_NEW})
    WHERE ({_OLD}) IS DISTINCT FROM ({_NEW}) RETURNING t.day
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put)"""
"""Forms the sums of these days anew; how many were not so before."""

MARKED = """
DELETE FROM rating_recount
WHERE id = ANY(ARRAY(SELECT id FROM rating_recount ORDER BY id LIMIT :most)) RETURNING day"""

UNCOUNTED = """
SELECT d::date FROM generate_series(
    (SELECT (min(invited_at) AT TIME ZONE 'Asia/Shanghai')::date FROM rating_invitation),
    CAST(:today AS date), interval '1 day') d
WHERE NOT EXISTS (SELECT FROM counted_rating_day c WHERE c.day = d::date)
ORDER BY d DESC LIMIT 1"""

_WHOSE = (
    "(CAST(:department AS text) IS NULL OR department_code = :department)"
    " AND (CAST(:hall AS text) IS NULL OR hall_code = :hall)"
)
# Days that were never counted, or of which something changed since, are counted from their rows.
_EVERY = f"""
WITH kept_days AS MATERIALIZED (
    SELECT c.day FROM counted_rating_day c WHERE c.day BETWEEN :first AND :last
      AND NOT EXISTS (SELECT FROM rating_recount r WHERE r.day = c.day)
), days AS MATERIALIZED ({_DAYS}
    FROM (SELECT d::date FROM generate_series(
        CAST(:first AS date), CAST(:last AS date), interval '1 day') d) d (day)
    WHERE d.day NOT IN (SELECT day FROM kept_days)
), every AS (
    SELECT department_code, hall_code, item_code, {_SET} FROM ({_CELLS}) live WHERE {_WHOSE}
    UNION ALL
    SELECT department_code, hall_code, item_code, {_SET} FROM rating_tally t
    WHERE t.grouping = :grouping AND t.day BETWEEN :first AND :last
      AND t.day NOT IN (SELECT day FROM days) AND {_WHOSE}
)"""
_SUMS = ", ".join(f"sum({name})::bigint" for name in COUNTS)
KEYS = {
    "all": "NULL::text",
    "department": "department_code",
    "hall": "hall_code",
    "item": "item_code",
}
BY = {
    by: f"{_EVERY} SELECT {key}, {_SUMS} FROM every GROUP BY 1 ORDER BY 1"
    for by, key in KEYS.items()
}
CELLS = f"""{_EVERY}
SELECT department_code, hall_code, item_code, {_SUMS} FROM every GROUP BY 1, 2, 3"""
