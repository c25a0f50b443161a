"""What a report of a period freezes and counts: the duties that fell due in it, and no others.

Limits are kept as ordinals and not as days, so a period is a range of each clock's ordinals. What
falls on which day changes with a notice; so the rows of a report are kept as they were counted.
"""

from sqlalchemy import text

from services.projects.calendar.models import NATIONAL
from services.projects.coverage import CARRIERS
from services.projects.proven import STILL_PROVES
from services.projects.reports.statement import IN_ORDER, WORST_FIRST, with_absence

_NATION = f"'{NATIONAL}'"
"""Duties run on the calendar of the nation, wherever their unit is."""

DUE_RANGES = text(f"""
  SELECT CASE WHEN p.first <= span.first THEN 0 ELSE coalesce(b.ord_start, span.last_ord) END
           AS after_ord,
         CASE WHEN p.last < span.first THEN 0 ELSE coalesce(e.ord_start, span.last_ord) END
           AS until_ord,
         p.first - DATE '2000-01-01' AS first_day, p.last - DATE '2000-01-01' AS last_day
  FROM unnest(CAST(:firsts AS date[]), CAST(:lasts AS date[])) WITH ORDINALITY
    AS p (first, last, place)
  CROSS JOIN (SELECT min(date) AS first, max(ord_start) AS last_ord FROM work_calendar
              WHERE region = {_NATION}) span
  LEFT JOIN work_calendar b ON b.region = {_NATION} AND b.date = p.first - 1
  LEFT JOIN work_calendar e ON e.region = {_NATION} AND e.date = p.last
  ORDER BY p.place""")

_BOUNDS = """
  WITH bounds AS (
    SELECT * FROM unnest(CAST(:after_ords AS int[]), CAST(:until_ords AS int[]),
      CAST(:first_days AS int[]), CAST(:last_days AS int[])) WITH ORDINALITY
      AS b (after_ord, until_ord, first_day, last_day, place))"""
_COUNTED = """
  SELECT place, unit_code, verdict, count(*) AS n,
         coalesce(sum(over_by) FILTER (WHERE verdict = 'late'), 0) AS over_by"""

# Each half reads its part of the index of due ordinals, and no table; without a join PostgreSQL may
# use several cores. The periods follow one another without a gap, so their beginnings tell them
# apart. A unit may have a row of each clock.
COUNTS = text("""
  SELECT width_bucket(s.due_ord, CAST(:first_ords AS int[])) AS place, s.unit_code, s.verdict,
         count(*) AS n, coalesce(sum(s.over_by), 0) AS over_by
  FROM standing s
  WHERE NOT s.calendar_days AND s.due_ord > CAST(:after_ord AS int)
    AND s.due_ord <= CAST(:until_ord AS int)
  GROUP BY 1, 2, 3
  UNION ALL
  SELECT width_bucket(s.due_ord, CAST(:first_days AS int[])), s.unit_code, s.verdict,
         count(*), coalesce(sum(s.over_by), 0)
  FROM standing s
  WHERE s.calendar_days AND s.due_ord BETWEEN CAST(:first_day AS int) AND CAST(:last_day AS int)
  GROUP BY 1, 2, 3""")

_DUE_THEN = """CROSS JOIN LATERAL (
    SELECT d.due_ord - CAST(coalesce(sum(x.days), 0) AS int) AS due_ord FROM duty_ruling x
    WHERE x.duty_id = d.id AND x.ruled_at >= :at) k"""

PAST_COUNTS = text(f"""{_BOUNDS}{_COUNTED}
  FROM (
    SELECT b.place, j.unit_code, j.verdict, j.over_by
    FROM past_judgement j JOIN duty d ON d.id = j.duty_id
    {_DUE_THEN}
    JOIN bounds b ON CASE d.basis WHEN 'calendar'
      THEN k.due_ord BETWEEN b.first_day AND b.last_day
      ELSE k.due_ord > b.after_ord AND k.due_ord <= b.until_ord END
    WHERE j.report_id = :report_id) each
  GROUP BY place, unit_code, verdict""")

_NOW = """
    SELECT s.duty_id, s.unit_code, s.verdict, s.over_by, s.reason, p.fact_id,
           CAST(NULL AS timestamptz) AS known_at
    FROM standing s LEFT JOIN publication p ON p.duty_id = s.duty_id
    WHERE NOT s.calendar_days AND s.due_ord > CAST(:after_ord AS int)
      AND s.due_ord <= CAST(:until_ord AS int)
      OR s.calendar_days
      AND s.due_ord BETWEEN CAST(:first_day AS int) AND CAST(:last_day AS int)"""
_PAST = """
    SELECT duty_id, unit_code, verdict, over_by, reason, fact_id, known_at
    FROM past_judgement WHERE report_id = :report_id"""

# used_days: until when it was published, as the verdict went by it: a late one by its verdict, one
# in time by the claim that was believed, within our own bracket, or else by when we saw it.
#
# trust, missing_elements: those of the publication, where it was seen by that day; of a past day,
# and so used_days, as far as was seen by then (`known`), for a page may be completed afterwards.
#
# rectified: by the order that was closed last because the collector saw that the fault was gone.
# on_all_carriers: only what was published is looked for elsewhere.
_FREEZE = """
  WITH day AS (
    SELECT CAST(:as_of AS date) - DATE '2000-01-01' AS day_number, coalesce(
      (SELECT ord_end FROM work_calendar WHERE region = {nation} AND date = :as_of),
      (SELECT max(ord_start) + 1 FROM work_calendar WHERE region = {nation})) AS ord)
  INSERT INTO frozen_duty (report_id, duty_id, unit_code, project_code, item_code, phase, region,
    trust, verdict, reason, over_by, due_on, by_days, limit_days, used_days, elements,
    missing_elements, fact_id, known_at, rectified, missing_then, over_then, rectified_in_term,
    on_all_carriers, is_interpretation)
  SELECT CAST(:report_id AS uuid), j.duty_id, j.unit_code, d.project_code, d.item_code, pr.phase,
         u.region, v.trust, j.verdict, j.reason,
         CASE WHEN j.verdict = 'overdue'
              THEN CASE d.basis WHEN 'calendar' THEN day.day_number ELSE day.ord END - k.due_ord
              ELSE j.over_by END,
         CASE d.basis WHEN 'calendar' THEN DATE '2000-01-01' + k.due_ord ELSE c.date END,
         d.basis = 'calendar', k.due_ord - d.start_ord,
         CASE WHEN j.verdict = 'late' THEN k.due_ord + j.over_by
              WHEN j.verdict IN ('on_time', 'incomplete', 'withdrawn') THEN least(k.due_ord,
                CASE WHEN v.is_claimed AND NOT v.claim_contradicted AND v.claim_ord IS NOT NULL
                     THEN greatest(v.claim_ord, v.absent_ord) ELSE v.seen_ord END)
         END - d.start_ord,
         jsonb_array_length(i.content_elements), v.missing,
         j.fact_id, j.known_at, o.cause, o.missing,
         CASE d.basis WHEN 'calendar' THEN o.ordered_on - DATE '2000-01-01' ELSE oc.ord_end END
           - k.due_ord,
         o.in_term,
         CASE WHEN j.fact_id IS NOT NULL THEN (
           SELECT nullif(count(*), 0) = count(*) FILTER (WHERE w.reached_at <= :at)
           FROM ({carriers}) w WHERE w.is_must) END,
         d.rule_kind = 'same_time_as' AND d.follows_id IS NOT NULL
  FROM ({judged}) j
  CROSS JOIN day
  JOIN standing s ON s.duty_id = j.duty_id
  JOIN duty d ON d.id = j.duty_id
  JOIN responsible_unit u ON u.code = j.unit_code
  {due_then}
  JOIN catalogue_item i ON i.id = d.item_id
  LEFT JOIN project pr ON pr.code = d.project_code
  LEFT JOIN work_calendar c
    ON c.region = d.region AND c.ord_start = k.due_ord AND c.is_workday AND d.basis = 'working'
  LEFT JOIN publication p ON p.duty_id = j.duty_id AND j.fact_id IS NOT NULL
  {known}
  LEFT JOIN (
    SELECT DISTINCT ON (r.duty_id) r.duty_id, r.cause,
           jsonb_array_length(r.missing_elements) AS missing,
           (r.issued_at AT TIME ZONE 'Asia/Shanghai')::date AS ordered_on,
           r.level = 1 AND (f.observed_at AT TIME ZONE 'Asia/Shanghai')::date <= r.due_on
             AS in_term
    FROM rectification_order r JOIN publication_fact f ON f.id = r.proof_fact_id
    WHERE r.closing = 'proof' AND r.ended_at <= :at AND {proven}
    ORDER BY r.duty_id, r.ended_at DESC, r.id DESC) o ON o.duty_id = j.duty_id
  LEFT JOIN work_calendar oc ON oc.region = d.region AND oc.date = o.ordered_on
  WHERE {within}"""
_WITHIN = """CASE d.basis WHEN 'calendar'
    THEN k.due_ord BETWEEN CAST(:first_day AS int) AND CAST(:last_day AS int)
    ELSE k.due_ord > CAST(:after_ord AS int) AND k.due_ord <= CAST(:until_ord AS int) END"""
_KNOWN = """SELECT p.trust, coalesce(jsonb_array_length(p.missing_elements), 0) AS missing,
         s.is_claimed, s.claim_contradicted, s.claim_ord, s.absent_ord, s.seen_ord"""
_KNOWN_THEN = f"""LEFT JOIN jsonb_to_recordset(CAST(:known AS jsonb)) AS e (
    duty_id uuid, trust int, missing int, is_claimed bool, claim_contradicted bool,
    claim_ord int, absent_ord int, seen_ord int) ON e.duty_id = j.duty_id
  CROSS JOIN LATERAL (
    SELECT e.trust, e.missing, e.is_claimed, e.claim_contradicted, e.claim_ord, e.absent_ord,
           e.seen_ord WHERE e.duty_id IS NOT NULL
    UNION ALL {_KNOWN} WHERE e.duty_id IS NULL) v"""
_PARTS = {"due_then": _DUE_THEN, "within": _WITHIN, "carriers": CARRIERS, "nation": _NATION}
FREEZE, PAST_FREEZE = (
    text(_FREEZE.format(judged=judged, known=known, proven=STILL_PROVES, **_PARTS))
    for judged, known in ((_NOW, f"CROSS JOIN LATERAL ({_KNOWN}) v"), (_PAST, _KNOWN_THEN))
)

# Publications of which something was seen after that day.
SEEN_SINCE = text(f"""
  SELECT j.duty_id, d.basis = 'calendar' AS by_days
  FROM past_judgement j JOIN duty d ON d.id = j.duty_id
  {_DUE_THEN}
  WHERE j.report_id = :report_id AND j.fact_id IS NOT NULL AND {_WITHIN}
    AND EXISTS (SELECT FROM publication_fact n
                WHERE n.duty_id = j.duty_id AND n.observed_at >= :at)
  ORDER BY j.duty_id""")

# What has no last day falls in no period, and would be missing from all of them without a word.
UNDATED = text(f"""
  SELECT unit_code, count(*) AS n FROM (
    SELECT s.unit_code, s.verdict FROM standing s
    WHERE s.calendar_days IN (false, true) AND s.due_ord IS NULL
    UNION ALL
    SELECT s.unit_code, s.verdict FROM standing s
    WHERE NOT s.calendar_days
      AND s.due_ord > (SELECT max(ord_start) FROM work_calendar WHERE region = {_NATION})) each
  WHERE verdict <> ALL(CAST(:outside AS text[])) GROUP BY unit_code""")

# The same of a past day: what was recorded by then, in its ordinary course by the rulings of then.
UNDATED_THEN = text(f"""
  SELECT s.unit_code, count(*) AS n
  FROM standing s
  JOIN duty d ON d.id = s.duty_id
  JOIN trigger_event t ON t.id = d.trigger_id
  WHERE (s.due_ord IS NULL OR NOT s.calendar_days
      AND s.due_ord > (SELECT max(ord_start) FROM work_calendar WHERE region = {_NATION}))
    AND coalesce(d.formed_on <= CAST(:as_of AS date), t.recorded_at < :at)
    AND d.hold <> 'not_applicable' AND coalesce((
      SELECT x.kind FROM duty_ruling x
      WHERE x.duty_id = d.id AND x.ruled_at < :at AND x.kind <> 'extend'
      ORDER BY x.ruled_at DESC, x.id DESC LIMIT 1), 'restore') IN ('restore', 'dispute')
  GROUP BY s.unit_code""")

# Composed anew: what is counted is the duties of the report by the history, not by their own rows.
COUNTS_BY_HISTORY = text("""
  SELECT f.unit_code, l.verdict, count(*) AS n, coalesce(sum(l.over_by), 0) AS over_by
  FROM frozen_duty f
  CROSS JOIN LATERAL (
    SELECT e.to_verdict AS verdict, e.over_by FROM verdict_event e
    WHERE e.duty_id = f.duty_id AND e.id <= :last ORDER BY e.id DESC LIMIT 1) l
  WHERE f.report_id = :report_id GROUP BY f.unit_code, l.verdict""")
COUNTS_BY_JUDGEMENT = text("""
  SELECT f.unit_code, j.verdict, count(*) AS n, coalesce(sum(j.over_by), 0) AS over_by
  FROM frozen_duty f
  JOIN past_judgement j ON j.report_id = f.report_id AND j.duty_id = f.duty_id
  WHERE f.report_id = :report_id GROUP BY f.unit_code, j.verdict""")

GROUPS = text("""
  SELECT g.dimension, g.code, f.verdict, count(*) AS n,
         coalesce(sum(f.over_by) FILTER (WHERE f.verdict = 'late'), 0) AS over_by
  FROM frozen_duty f
  CROSS JOIN LATERAL (VALUES ('project', coalesce(f.project_code, '')), ('item', f.item_code),
    ('phase', coalesce(f.phase, '')), ('region', f.region),
    ('trust', coalesce(f.trust::text, ''))) g (dimension, code)
  WHERE f.report_id = :report_id GROUP BY g.dimension, g.code, f.verdict""")

MERITS = text("""
  SELECT unit_code, item_code, verdict, trust, limit_days, used_days, over_by, elements,
         missing_elements, count(*) AS n, rectified, coalesce(missing_then, 0) AS missing_then,
         over_then,
         coalesce(rectified_in_term, false) AS rectified_in_term,
         coalesce(on_all_carriers, false) AS on_all_carriers,
         coalesce(is_interpretation, false) AS is_interpretation
  FROM frozen_duty WHERE report_id = :report_id AND verdict <> ALL(CAST(:left_out AS text[]))
  GROUP BY unit_code, item_code, verdict, trust, limit_days, used_days, over_by, elements,
           missing_elements, rectified, missing_then, over_then, rectified_in_term,
           on_all_carriers, is_interpretation""")

USED_DAYS = text("""
  SELECT used_days AS days, count(*) AS n FROM frozen_duty
  WHERE report_id = :report_id AND used_days IS NOT NULL AND NOT by_days
  GROUP BY used_days ORDER BY used_days""")

NAMES = text("""
  SELECT 'project' AS dimension, p.code, p.name, '' AS name_en FROM project p
  WHERE p.code IN (SELECT project_code FROM frozen_duty WHERE report_id = :report_id)
  UNION ALL
  SELECT 'item', i.item_code, max(i.item_l2), '' FROM catalogue_item i
  WHERE i.id IN (SELECT d.item_id FROM frozen_duty f JOIN duty d ON d.id = f.duty_id
                 WHERE f.report_id = :report_id)
  GROUP BY i.item_code
  UNION ALL
  SELECT 'region', r.code, r.name, r.name_en FROM region r
  WHERE r.code IN (SELECT region FROM frozen_duty WHERE report_id = :report_id)
  ORDER BY 1, 2""")

UNITS = text("""
  SELECT code, name, name_en FROM responsible_unit
  WHERE valid_from <= :last AND (valid_to IS NULL OR valid_to >= :first)
     OR code IN (SELECT unit_code FROM frozen_duty WHERE report_id = :report_id)
  ORDER BY code""")

IN_DISPUTE = text("""
  SELECT f.unit_code, count(*) AS n FROM frozen_duty f JOIN dispute x ON x.duty_id = f.duty_id
  WHERE f.report_id = :report_id AND x.opened_at <= :at
    AND (x.decided_at IS NULL OR x.decided_at > :at)
  GROUP BY f.unit_code""")

FIELDS = text("""
  SELECT DISTINCT i.domain FROM frozen_duty f JOIN duty d ON d.id = f.duty_id
  JOIN catalogue_item i ON i.id = d.item_id WHERE f.report_id = :report_id ORDER BY 1""")

KNOWN_AT = text("SELECT max(known_at) FROM frozen_duty WHERE report_id = :report_id")

# `_ROWS` of the report of a day, but of what was frozen: a notice since then moves no day in it.
_ROWS = """
  SELECT latest.duty_id, latest.unit_code, latest.verdict, latest.reason, latest.known_at,
         latest.project_code, d.subject, coalesce(pr.name, d.subject, '') AS project_name,
         latest.item_code, i.item_l2 AS item_name, d.formed_on, latest.by_days, latest.due_on,
         latest.over_by, f.url, f.claimed_at, f.observed_at AS seen_at, f.evidence_id,
         CAST(NULL AS timestamptz) AS absent_at
  FROM frozen_duty latest
  JOIN duty d ON d.id = latest.duty_id
  JOIN catalogue_item i ON i.id = d.item_id
  LEFT JOIN project pr ON pr.code = latest.project_code
  LEFT JOIN publication_fact f ON f.id = latest.fact_id
  WHERE {opened} AND (CAST(:after AS uuid) IS NULL OR latest.duty_id > :after)
  {order}"""
_OPENED = """latest.report_id = :report_id
    AND (CAST(:unit AS text) IS NULL OR latest.unit_code = :unit)
    AND (CAST(:verdicts AS text[]) IS NULL OR latest.verdict = ANY(:verdicts))
    AND (CAST(:project AS text) IS NULL OR coalesce(latest.project_code, '') = :project)
    AND (CAST(:item AS text) IS NULL OR latest.item_code = :item)
    AND (CAST(:phase AS text) IS NULL OR coalesce(latest.phase, '') = :phase)
    AND (CAST(:region AS text) IS NULL OR latest.region = :region)
    AND (CAST(:trust AS text) IS NULL OR coalesce(latest.trust::text, '') = :trust)"""
ROWS = with_absence(_ROWS.format(opened=_OPENED, order=IN_ORDER))
WORST = text(_ROWS.format(opened=_OPENED, order=WORST_FIRST))
COUNT = text(f"SELECT count(*) FROM frozen_duty latest WHERE {_OPENED}")
