"""How a letter is counted, the sums that are kept, and how figures are read from both."""

from services.feedback.letters.limits import REPLY_LIMITS
from shared.database.histograms import cumulated, quantile

COUNTS = (
    *("received", "ordinary", "replied", "closed", "registered", "activities", "met", "in_time"),
    *("in_time_by_first_limit", "published", "publishable", "rated", "satisfied"),
)
FACTS = (
    *("letter_id", "day", "department_code", "kind", "channel", *COUNTS),
    *("answered_in", "open_until", "open_until_first_limit"),
)
_LIMITS = ", ".join(f"'{kind}'" for kind in REPLY_LIMITS.values())

# The first answer of a letter counts: its limit is the first reply clock that was not cancelled.
_FACTS = f"""
SELECT l.id AS letter_id, (l.received_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
    l.department_code, l.kind, l.channel,
    1 AS received,
    (l.kind <> 'accusation')::int AS ordinary,
    (l.replied_at IS NOT NULL)::int AS replied,
    (l.state = 'closed')::int AS closed,
    EXISTS (SELECT FROM letter_transition t
        WHERE t.letter_id = l.id AND t.action = 'register')::int AS registered,
    (SELECT count(*) FROM letter_activity a WHERE a.letter_id = l.id)::int AS activities,
    (clock.met_at IS NOT NULL)::int AS met,
    coalesce(clock.met_at < clock.due_at, false)::int AS in_time,
    coalesce(clock.met_at < clock.first_due_at, false)::int AS in_time_by_first_limit,
    (l.replied_at IS NOT NULL AND published.is_out)::int AS published,
    (l.replied_at IS NOT NULL
        AND (published.is_out OR l.wants_public AND NOT declined.is_so))::int AS publishable,
    (rating.grade IS NOT NULL)::int AS rated,
    coalesce(rating.grade IN ('very_satisfied', 'satisfied', 'basically_satisfied'), false)::int
        AS satisfied,
    CASE WHEN answer.days < 2 THEN round(answer.days * 100) ELSE round(answer.days * 10) * 10
        END::int AS answered_in,
    CASE WHEN clock.met_at IS NULL THEN clock.due_at END AS open_until,
    CASE WHEN clock.met_at IS NULL THEN clock.first_due_at END AS open_until_first_limit
FROM letter l
-- A reopened letter has a reply clock an answer: the first counts. A provisional one is no
-- judgement yet: its holiday notice is not out.
LEFT JOIN LATERAL (
    SELECT d.met_at, d.due_at,
        (d.original_due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' AS first_due_at
    FROM deadline d
    WHERE d.subject_kind = 'letter' AND d.subject_id = l.id AND d.state <> 'cancelled'
      AND d.kind IN ({_LIMITS}) AND NOT d.provisional
    ORDER BY d.started_at, d.id LIMIT 1) clock ON true
-- Not `replied_at`, which the answer after a reopening overwrites.
CROSS JOIN LATERAL (
    SELECT extract(epoch FROM min(a.approved_at) - l.received_at) / 86400 AS days
    FROM reply_approval a JOIN letter_reply r ON r.id = a.reply_id WHERE r.letter_id = l.id) answer
-- Of several answers the citizen's latest word counts.
LEFT JOIN LATERAL (
    SELECT grade FROM letter_rating r WHERE r.letter_id = l.id
    ORDER BY r.answer_no DESC LIMIT 1) rating ON true
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM published_letter p
        WHERE p.letter_id = l.id AND p.taken_down_at IS NULL) AS is_out) published
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM redaction r
        WHERE r.letter_id = l.id AND r.state = 'declined') AS is_so) declined
"""
_OF_DAY = "l.received_at >= :since AND l.received_at < :until"
_UNMARKED = "NOT EXISTS (SELECT FROM letter_recount r WHERE r.letter_id = l.id)"


def _count(which: str) -> str:
    """Count letters anew; gives the days of those that were not counted so."""
    columns, own = ", ".join(FACTS), FACTS[1:]
    now, new = (", ".join(f"{of}.{name}" for name in own) for of in ("c", "excluded"))
    return f"""
INSERT INTO counted_letter AS c ({columns}) SELECT {columns} FROM ({_FACTS} WHERE {which}) l
ON CONFLICT (letter_id) DO UPDATE SET ({", ".join(own)}) = ROW ({new})
WHERE ({now}) IS DISTINCT FROM ({new}) RETURNING day"""


COUNT_DAY = _count(_OF_DAY)
COUNT_AGAIN = _count(
    "l.id = ANY(CAST(:ids AS uuid[])) AND EXISTS (SELECT FROM counted_day c"
    " WHERE c.day = (l.received_at AT TIME ZONE 'Asia/Shanghai')::date)"
)
PROVE_DAY = _count(f"{_OF_DAY} AND {_UNMARKED}")
"""Whoever is marked may be counted otherwise; of others each row that is given was wrong."""

# Accusations count in with what cannot be told from them: shown by themselves, or missing from the
# groups but not from the total, they could be counted (信访工作条例 art. 30). So by the department
# that handles them: of no department are ordinary letters only until they are dispatched, and what
# is answered among those would be the accusations.
_FOLDED = "CASE WHEN :folded AND {key} = 'accusation' THEN 'complaint' ELSE {key} END"
_GROUPS = """
CROSS JOIN LATERAL (VALUES ('all', ''), ('department', coalesce(f.department_code, '')),
    ('kind', {kind}), ('channel', f.channel)) AS g (grouping, key)"""
_EACH = _GROUPS.format(kind="f.kind")
_EACH_FOLDED = _GROUPS.format(kind=_FOLDED.format(key="f.kind"))

_SET = ", ".join((*COUNTS, "days", "letters"))
_KEPT, _NEW = (
    ", ".join(f"{of}.{name}" for name in (*COUNTS, "days", "letters")) for of in ("t", "excluded")
)
TALLY = f"""
WITH each AS MATERIALIZED (
    SELECT f.*, g.grouping, g.key FROM counted_letter f {_EACH}
    WHERE f.day = ANY(CAST(:days AS date[]))
), sums AS MATERIALIZED (
    SELECT grouping, day, key, {", ".join(f"sum({name}) AS {name}" for name in COUNTS)}
    FROM each GROUP BY grouping, day, key
), histogram AS (
    SELECT grouping, day, key, array_agg(answered_in ORDER BY answered_in) AS days,
        array_agg(n ORDER BY answered_in) AS letters
    FROM (SELECT grouping, day, key, answered_in, count(*)::int AS n FROM each
          WHERE answered_in IS NOT NULL GROUP BY grouping, day, key, answered_in) counted
    GROUP BY grouping, day, key
), gone AS (
    DELETE FROM letter_tally t WHERE t.day = ANY(CAST(:days AS date[])) AND NOT EXISTS (
        SELECT FROM sums s WHERE (s.grouping, s.day, s.key) = (t.grouping, t.day, t.key))
    RETURNING t.day
), put AS (
    INSERT INTO letter_tally AS t (grouping, day, key, {_SET})
    SELECT s.grouping, s.day, s.key, {", ".join(f"s.{name}" for name in COUNTS)},
        coalesce(h.days, '{{}}'), coalesce(h.letters, '{{}}')
    FROM sums s LEFT JOIN histogram h USING (grouping, day, key)
    ON CONFLICT (grouping, day, key) DO UPDATE SET ({_SET}) = ROW ({_NEW})
    WHERE ({_KEPT}) IS DISTINCT FROM ({_NEW}) RETURNING t.day
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put)"""
"""The sums of these days from the letters as they are counted; how many were not so before."""

MARKED = """
DELETE FROM letter_recount
WHERE id = ANY(ARRAY(SELECT id FROM letter_recount ORDER BY id LIMIT :most)) RETURNING letter_id"""

UNCOUNTED = """
SELECT d::date FROM generate_series(
    (SELECT (min(received_at) AT TIME ZONE 'Asia/Shanghai')::date FROM letter),
    CAST(:today AS date), interval '1 day') d
WHERE NOT EXISTS (SELECT FROM counted_day c WHERE c.day = d::date) ORDER BY d DESC LIMIT 1"""

# The sums of days counted, less the letters marked as they were counted in them, and these letters
# as they are now; of days not counted yet the letters as they are now.
_LIVE = f"""
uncounted AS MATERIALIZED (
    SELECT d AS day FROM (SELECT d::date FROM generate_series(
        CAST(:first AS date), CAST(:last AS date), interval '1 day') d) days (d)
    WHERE NOT EXISTS (SELECT FROM counted_day c WHERE c.day = d)
), marked AS MATERIALIZED (
    SELECT DISTINCT letter_id FROM letter_recount
), asked AS MATERIALIZED (
    SELECT l.id FROM marked m JOIN letter l ON l.id = m.letter_id
    WHERE l.received_at >= :since AND l.received_at < :until
    UNION
    -- Day by day: how many days there are nobody who plans knows.
    SELECT l.id FROM uncounted u CROSS JOIN LATERAL (SELECT id FROM letter r
        WHERE r.received_at >= u.day::timestamp AT TIME ZONE 'Asia/Shanghai'
          AND r.received_at < (u.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' OFFSET 0) l
), live AS MATERIALIZED (
    SELECT f.*, 1 AS n FROM ({_FACTS} WHERE l.id IN (SELECT id FROM asked)) f
    UNION ALL
    SELECT {", ".join(f"c.{name}" for name in FACTS)}, -1 FROM counted_letter c
    WHERE c.letter_id IN (SELECT letter_id FROM marked)
      AND c.day BETWEEN :first AND :last AND c.day NOT IN (SELECT day FROM uncounted)
), open AS MATERIALIZED (
    SELECT f.*, 1 AS n FROM counted_letter f
    WHERE f.open_until IS NOT NULL AND f.day BETWEEN :first AND :last
      AND f.day NOT IN (SELECT day FROM uncounted)
    UNION ALL
    SELECT f.* FROM live f WHERE f.open_until IS NOT NULL
)"""
_OWN = "f.department_code = ANY(CAST(:own AS varchar[])) AND f.kind <> 'accusation'"
"""信访工作条例 art. 30: a department counts its own letters, and no accusations among them."""


def _figures(kept: str, scope: str) -> str:
    """The figures of each group; `kept` gives its sums a day, `scope` is whose letters count."""
    grouped = f"{_EACH_FOLDED} WHERE g.grouping = ANY(CAST(:groupings AS text[])) AND {scope}"
    signed = ", ".join(f"f.n * f.{name} AS {name}" for name in COUNTS)
    return f"""
WITH {_LIVE}, kept AS MATERIALIZED ({kept}), sums AS (
    SELECT grouping, key, {", ".join(f"sum({name})::bigint AS {name}" for name in COUNTS)}
    FROM (SELECT grouping, key, {", ".join(COUNTS)} FROM kept
          UNION ALL SELECT g.grouping, g.key, {signed} FROM live f {grouped}) f
    GROUP BY grouping, key
), late AS (
    SELECT g.grouping, g.key,
        coalesce(sum(f.n) FILTER (WHERE f.open_until <= :now), 0)::bigint AS late,
        coalesce(sum(f.n) FILTER (WHERE f.open_until_first_limit <= :now), 0)::bigint
            AS late_by_first_limit
    FROM open f {grouped} GROUP BY g.grouping, g.key
), answered AS (
    SELECT k.grouping, k.key, v.value, v.n FROM kept k, unnest(k.days, k.letters) AS v (value, n)
    UNION ALL
    SELECT g.grouping, g.key, f.answered_in, f.n FROM live f {grouped}
      AND f.answered_in IS NOT NULL
), days AS (
    SELECT grouping, key, ARRAY[{quantile(5)} / 100, {quantile(9)} / 100] AS days
    FROM ({cumulated("answered", "grouping, key")}) c GROUP BY grouping, key
)
SELECT s.grouping, nullif(s.key, '') AS key, s.received, s.ordinary, s.replied, s.closed,
    s.registered, s.activities, s.met + coalesce(l.late, 0), s.in_time,
    s.met + coalesce(l.late_by_first_limit, 0), s.in_time_by_first_limit, s.published,
    s.publishable, s.rated, s.satisfied, d.days
FROM sums s LEFT JOIN late l USING (grouping, key) LEFT JOIN days d USING (grouping, key)
WHERE s.received > 0 ORDER BY s.grouping, nullif(s.key, '')"""


_COUNTED = "f.day BETWEEN :first AND :last AND f.day NOT IN (SELECT day FROM uncounted)"
OF_ALL = _figures(
    f"SELECT f.grouping, {_FOLDED.format(key='f.key')} AS key,"
    f" {', '.join(COUNTS)}, f.days, f.letters FROM letter_tally f"
    f" WHERE f.grouping = ANY(CAST(:groupings AS text[])) AND {_COUNTED}",
    "true",
)
"""By the sums that are kept of each day."""
OF_DEPARTMENTS = _figures(
    f"SELECT g.grouping, g.key, {', '.join(f'f.{name}' for name in COUNTS)},"
    " array_remove(ARRAY[f.answered_in], NULL) AS days,"
    " CASE WHEN f.answered_in IS NULL THEN '{}'::int[] ELSE ARRAY[1] END AS letters"
    f" FROM counted_letter f {_EACH_FOLDED}"
    f" WHERE g.grouping = ANY(CAST(:groupings AS text[])) AND {_COUNTED} AND {_OWN}",
    _OWN,
)
"""By the letters as they are counted: a department has few of a day, in too many groups to keep."""
