"""What reports count and show: by the roll-up, by the history, by the judgements of a past day."""

from sqlalchemy import TextClause, text

TALLIES = text("SELECT unit_code, verdict, n, over_by FROM unit_tally WHERE n > 0")

COUNTS_AS_OF = text("""
  SELECT unit_code, verdict, count(*) AS n, coalesce(sum(over_by), 0) AS over_by
  FROM past_judgement WHERE report_id = :report_id GROUP BY unit_code, verdict""")

KNOWN_AT = text("SELECT max(known_at) FROM past_judgement WHERE report_id = :report_id")

_LATEST = """
  SELECT DISTINCT ON (e.duty_id) e.id, e.duty_id, e.unit_code, e.to_verdict AS verdict, e.over_by,
         e.reason, e.fact_id, CAST(NULL AS timestamptz) AS known_at
  FROM verdict_event e WHERE e.id <= :last ORDER BY e.duty_id, e.id DESC"""

HISTORY = text(f"""
  SELECT unit_code, verdict, count(*) AS n, coalesce(sum(over_by), 0) AS over_by
  FROM ({_LATEST}) latest GROUP BY unit_code, verdict""")

MARKS = text("""
  SELECT (SELECT coalesce(max(id), 0) FROM verdict_event) AS last_event,
         (SELECT coalesce(max(id), 0) FROM publication_fact) AS last_fact,
         (SELECT coalesce(max(version), 0) FROM catalogue_version) AS catalogue_version""")

IN_DISPUTE = text("""
  SELECT unit_code, count(*) AS n FROM dispute
  WHERE opened_at <= :at AND (decided_at IS NULL OR decided_at > :at) GROUP BY unit_code""")

UNITS = text("""
  SELECT code, name, name_en FROM responsible_unit
  WHERE valid_from <= :as_of AND (valid_to IS NULL OR valid_to >= :as_of) ORDER BY code""")

SCHEME = text("""
  SELECT s.version, s.weights, s.peer_groups, m.version AS merit_version,
         m.weights AS merit_weights, m.item_weights
  FROM (SELECT * FROM score_scheme WHERE in_force_from <= :as_of
        ORDER BY in_force_from DESC, version DESC LIMIT 1) s,
       (SELECT * FROM merit_scheme WHERE in_force_from <= :as_of
        ORDER BY in_force_from DESC, version DESC LIMIT 1) m""")

NOTED_HASHES = text("""
  SELECT CAST(substr(object, 8) AS uuid) AS report_id, details ->> 'sha256' AS sha256
  FROM audit_log
  WHERE action IN ('report.frozen', 'report.signed') AND details ? 'sha256'""")


_PAST = """
  SELECT duty_id, unit_code, verdict, over_by, reason, fact_id, known_at
  FROM past_judgement WHERE report_id = :report_id"""

_NOW = """
  SELECT duty_id, unit_code, verdict, over_by, reason, CAST(NULL AS bigint) AS fact_id,
         CAST(NULL AS timestamptz) AS known_at
  FROM standing"""

# `judged` is where the duties of the report stood. How long an overdue one is over grows by itself
# and is read from the calendar, as is the day of the due ordinal: neither is stored. What was ruled
# later than the report had not moved the end of the clock then.
_ROWS = """
  WITH day AS (
    SELECT CAST(:as_of AS date) - DATE '2000-01-01' AS day_number, coalesce(
      (SELECT ord_end FROM work_calendar WHERE region = 'CN' AND date = :as_of),
      (SELECT max(ord_start) + 1 FROM work_calendar WHERE region = 'CN')) AS ord)
  SELECT latest.duty_id, latest.unit_code, latest.verdict, latest.reason, latest.known_at,
         d.project_code, d.subject,
         coalesce(pr.name, d.subject) AS project_name, d.item_code, i.item_l2 AS item_name,
         d.formed_on,
         d.basis = 'calendar' AS by_days,
         CASE d.basis WHEN 'calendar' THEN DATE '2000-01-01' + k.due_ord ELSE c.date END AS due_on,
         CASE WHEN latest.verdict = 'overdue'
              THEN CASE d.basis WHEN 'calendar' THEN day.day_number ELSE day.ord END - k.due_ord
              ELSE latest.over_by END AS over_by,
         f.url, f.claimed_at, f.observed_at AS seen_at, f.evidence_id,
         CAST(NULL AS timestamptz) AS absent_at
  FROM ({judged}) latest
  CROSS JOIN day
  JOIN duty d ON d.id = latest.duty_id
  CROSS JOIN LATERAL (
    SELECT d.due_ord - CAST(coalesce(sum(x.days), 0) AS int) AS due_ord FROM duty_ruling x
    WHERE x.duty_id = d.id AND x.ruled_at >= :at) k
  LEFT JOIN project pr ON pr.code = d.project_code
  JOIN catalogue_item i ON i.id = d.item_id
  LEFT JOIN work_calendar c
    ON c.region = d.region AND c.ord_start = k.due_ord AND c.is_workday AND d.basis = 'working'
  LEFT JOIN publication_fact f ON f.id = latest.fact_id
  WHERE (CAST(:unit AS text) IS NULL OR latest.unit_code = :unit)
    AND (CAST(:verdicts AS text[]) IS NULL OR latest.verdict = ANY(:verdicts))
    AND (CAST(:after AS uuid) IS NULL OR latest.duty_id > :after)
  {order}"""

IN_ORDER = "ORDER BY latest.duty_id LIMIT :limit OFFSET :offset"
WORST_FIRST = """ORDER BY latest.verdict = 'overdue' DESC, over_by DESC NULLS LAST, latest.duty_id
  LIMIT :limit OFFSET :offset"""

# What shows that an overdue one was not there: all pages of its unit's lists as the walks that
# prove it read them, from the older one to the one by which it came to count. A list that had not
# changed was answered by a 304, which is kept with the bytes that it stands for and proves that
# day. What is no item's page is a page of a list. Once for each unit that is shown.
_WITH_ABSENCE = """
  WITH shown AS MATERIALIZED ({rows}),
  proof AS MATERIALIZED (
    SELECT u.unit_code, w.walked_at, list.ids
    FROM (SELECT DISTINCT unit_code FROM shown WHERE verdict = 'overdue') u
    JOIN LATERAL (
      SELECT walked_at, coalesce(noted_at, :frozen_at) AS until FROM full_walk
      WHERE unit_code = u.unit_code AND coalesce(noted_at, walked_at) <= :frozen_at
      ORDER BY walked_at DESC LIMIT 1) w ON true
    CROSS JOIN LATERAL (
      SELECT coalesce(array_agg(c.id ORDER BY c.fetched_at, c.id), '{{}}') AS ids
      FROM portal p
      JOIN collector_run r ON r.portal_id = p.id AND r.proves_absence
        AND r.started_at BETWEEN w.walked_at AND w.until AND r.finished_at <= :frozen_at
      JOIN capture c ON c.chain = p.id AND c.status IN (200, 304) AND c.is_public
        AND c.fetched_at BETWEEN r.started_at AND r.finished_at
        AND c.captured_on BETWEEN (r.started_at AT TIME ZONE 'Asia/Shanghai')::date
          AND (r.finished_at AT TIME ZONE 'Asia/Shanghai')::date
      WHERE p.unit_code = u.unit_code AND p.is_public AND NOT EXISTS (
        SELECT FROM portal_page g WHERE g.portal_id = c.chain AND g.url = c.url)) list)
  SELECT {columns}, coalesce(shown.evidence_id, proof.ids[1]) AS evidence_id,
         proof.walked_at AS absent_at, coalesce(proof.ids, '{{}}') AS absence_evidence_ids
  FROM shown
  LEFT JOIN proof ON proof.unit_code = shown.unit_code AND shown.verdict = 'overdue'
  ORDER BY shown.duty_id"""
_SHOWN = ", ".join(
    f"shown.{name}"
    for name in (
        *("duty_id", "unit_code", "verdict", "reason", "known_at", "project_code"),
        "subject",
        "project_name",
        *("item_code", "item_name", "formed_on", "by_days", "due_on", "over_by"),
        *("url", "claimed_at", "seen_at"),
    )
)


def with_absence(rows: str) -> TextClause:
    """`rows`, the duties of a report, with what proves of the overdue ones that they were not
    there."""
    return text(_WITH_ABSENCE.format(columns=_SHOWN, rows=rows))


ROWS, PAST_ROWS = (
    with_absence(_ROWS.format(judged=judged, order=IN_ORDER)) for judged in (_LATEST, _PAST)
)
WORST, PAST_WORST = (
    text(_ROWS.format(judged=judged, order=WORST_FIRST)) for judged in (_NOW, _PAST)
)

# One scan of the duties, once a report: an index on what items they have would cost each event.
ABOUT = text("""
  SELECT min(d.formed_on) AS first_on, array_agg(DISTINCT i.domain ORDER BY i.domain) AS fields
  FROM duty d JOIN catalogue_item i ON i.id = d.item_id
  WHERE coalesce(d.formed_on <= :as_of, true)""")

SERIAL = text("""
  SELECT count(*) + 1 FROM report
  WHERE date_part('year', frozen_at AT TIME ZONE 'Asia/Shanghai') = :year""")

SIGNING = text("""
  SELECT a.ordered_by AS made_by,
         EXISTS (SELECT FROM report_withdrawal w WHERE w.report_id = a.report_id) AS is_withdrawn,
         EXISTS (SELECT FROM report_signature g WHERE g.report_id = a.report_id) AS is_signed,
         (SELECT coalesce(max(serial), 0) + 1 FROM report_signature WHERE year = :year) AS serial
  FROM audit a WHERE a.report_id = :report_id""")
