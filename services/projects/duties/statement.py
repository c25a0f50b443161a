"""The written SQL of duties: how they are shown, and how their numbers are set right."""

from sqlalchemy import text

from services.projects.auditing.walks import COUNTS
from services.projects.coverage import COVERAGE
from services.projects.duties.models import Publication, PublicationFact
from services.projects.open_to_all import IS_SHOWN, URL
from services.projects.proven import STILL_PROVES
from services.projects.successors import with_predecessors
from services.projects.tables import Table

_TODAY = """
  SELECT coalesce((SELECT ord_end FROM work_calendar WHERE region = 'CN' AND date = :as_of),
                  max(ord_start) + 1) AS now_ord,
         CAST(:as_of AS date) - DATE '2000-01-01' AS now_day
  FROM work_calendar WHERE region = 'CN'"""

_VIEW = f"""
  SELECT d.id, d.project_code, d.subject, d.unit_code, d.item_code, d.formed_on, d.doc_no,
         d.rule_kind, d.rule_n, d.rule_version, d.short_n, d.start_ord, d.due_ord, d.basis, d.hold,
         d.extended_by, d.version, d.region, d.item_id, d.trigger_id, d.rule,
         DATE '2000-01-01' + s.stay_most_day AS keep_until,
         s.verdict, s.reason, e.calendar_version,
         CASE WHEN s.verdict = 'overdue'
              THEN CASE WHEN s.calendar_days THEN today.now_day
                        ELSE today.now_ord END - s.due_ord
              ELSE s.over_by END AS over_by,
         CASE WHEN d.basis = 'calendar' THEN DATE '2000-01-01' + d.due_ord
              ELSE c.date END AS due_on,
         p.claimed_at, p.first_seen_at, p.url, coalesce(p.trust, 0) AS trust,
         CASE WHEN p.duty_id IS NULL THEN w.walked_at ELSE p.last_absent_at END AS last_absent_at,
         x.id AS dispute_id, x.opened_at AS dispute_opened_at, x.due_on AS dispute_due_on,
         r.id IS NOT NULL AS in_rectification,
         EXISTS (SELECT FROM rectification_order k JOIN publication_fact f ON f.id = k.proof_fact_id
                 WHERE k.duty_id = d.id AND k.closing = 'proof' AND {STILL_PROVES}) AS rectified
  FROM ({_TODAY}) today
  CROSS JOIN duty d
  JOIN standing s ON s.duty_id = d.id
  LEFT JOIN publication p ON p.duty_id = d.id
  LEFT JOIN dispute x ON x.duty_id = d.id AND x.state = 'open'
  LEFT JOIN rectification_order r ON r.duty_id = d.id AND r.ended_at IS NULL
  LEFT JOIN work_calendar c
    ON c.region = d.region AND c.ord_start = d.due_ord AND c.is_workday AND d.basis = 'working'
  LEFT JOIN LATERAL (SELECT calendar_version FROM verdict_event
                     WHERE duty_id = d.id ORDER BY id DESC LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT max(walked_at) AS walked_at FROM full_walk f
                     WHERE unit_code = d.unit_code AND {COUNTS}
                       AND (s.matchable_since IS NULL OR walked_at >= s.matchable_since)) w
    ON true"""

# What `_VIEW` finds odd: an overdue duty has no stored `over_by`, for it grows with every day; the
# day of the due ordinal is looked up, so that an amended calendar needs no rewriting; a duty that
# was never seen shows the last walk of its unit as the time of its absence. Reads, locks nothing.
# The two laterals cost an index look-up each for a row that is shown, and lists are short.

LIST = text(f"""{_VIEW}
  WHERE (CAST(:units AS text[]) IS NULL OR d.unit_code = ANY(:units))
    AND (CAST(:verdict AS text) IS NULL OR s.verdict = :verdict)
    AND (CAST(:project AS text) IS NULL OR d.project_code = :project)
    AND (CAST(:item AS text) IS NULL OR d.item_code = :item)
    AND (CAST(:after AS uuid) IS NULL OR d.id > :after)
  ORDER BY d.id LIMIT :limit""")

SOME = text(f"{_VIEW} WHERE d.id = ANY(CAST(:ids AS uuid[])) ORDER BY d.id")

DETAIL = text(f"""
  SELECT v.*, u.name AS unit_name, coalesce(r.name, v.subject) AS project_name,
         i.item_l2 AS item_name, i.legal_basis, t.kind,
         (SELECT coalesce(jsonb_agg(CASE WHEN x.fact_id IS NULL THEN to_jsonb(f) ELSE to_jsonb(f)
              || jsonb_build_object('absence_set_aside', true, 'last_absent_at', NULL) END
            ORDER BY f.id), '[]')
          FROM publication_fact f LEFT JOIN absence_set_aside x ON x.fact_id = f.id
          WHERE f.duty_id = v.id) AS facts,
         (SELECT coalesce(jsonb_agg(to_jsonb(k) ORDER BY k.ruled_at, k.id), '[]')
          FROM duty_ruling k WHERE k.duty_id = v.id) AS rulings,
         (SELECT to_jsonb(x) FROM exemption_request x
          WHERE x.duty_id = v.id AND x.state = 'asked') AS asked_ruling,
         (SELECT coalesce(jsonb_agg(to_jsonb(o) ORDER BY o.issued_at, o.id), '[]')
          FROM rectification_order o WHERE o.duty_id = v.id) AS rectifications,
         (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.id), '[]')
          FROM verdict_event e WHERE e.duty_id = v.id) AS history,
         (SELECT w.found FROM duty d, LATERAL ({COVERAGE}) w (found) WHERE d.id = v.id) AS coverage
  FROM ({_VIEW} WHERE d.id = :id) v
  JOIN responsible_unit u ON u.code = v.unit_code
  LEFT JOIN project r ON r.code = v.project_code
  JOIN catalogue_item i ON i.id = v.item_id
  JOIN trigger_event t ON t.id = v.trigger_id""")

_OPEN_VIEW = _VIEW.replace("p.url,", f"{URL} AS url,")
LIFE = text(f"""
  SELECT v.*, i.category_l1, i.item_l2 AS item_name, u.name AS unit_name, u.name_en AS unit_name_en
  FROM ({_OPEN_VIEW} WHERE d.project_code = :project AND {IS_SHOWN}
          AND (CAST(:after_id AS uuid) IS NULL OR (coalesce(d.formed_on, 'infinity'), d.id)
               > (coalesce(CAST(:after_on AS date), 'infinity'), CAST(:after_id AS uuid)))) v
  JOIN catalogue_item i ON i.id = v.item_id
  JOIN responsible_unit u ON u.code = v.unit_code
  ORDER BY v.formed_on NULLS LAST, v.id LIMIT :limit""")

LIFE_COUNTS = text(f"""
  SELECT s.verdict, p.duty_id IS NOT NULL AS is_published, count(*) AS n
  FROM duty d
  JOIN standing s ON s.duty_id = d.id
  LEFT JOIN publication p ON p.duty_id = d.id
  WHERE d.project_code = :project AND {IS_SHOWN} GROUP BY 1, 2""")

# A duty that was seen goes with the unseen ones of its project and item: a page that none of them
# is told apart by may be of each. What a merged unit took down, this one puts back.
UNSEEN = text(f"""
  WITH owed AS (
    SELECT d.id, d.project_code, d.item_code, s.is_seen
    FROM duty d
    JOIN standing s ON s.duty_id = d.id AND (NOT s.is_seen OR s.is_gone)
      AND s.hold <> 'not_applicable'
    WHERE d.unit_code = ANY({with_predecessors(":unit")}))
  SELECT d.id AS duty_id, CAST(:unit AS varchar) AS unit_code, d.item_code, d.formed_on, d.doc_no,
         coalesce(d.project_code, d.subject) AS about, coalesce(p.name, d.subject) AS project_name,
         coalesce(p.aliases, '[]') AS aliases, p.confirmed_names AS confirmed,
         d.rule_kind = 'min_display' AS is_notice, d.project_code, d.subject
  FROM duty d
  LEFT JOIN project p ON p.code = d.project_code
  WHERE d.id IN (SELECT id FROM owed
    UNION SELECT o.id FROM owed w
    JOIN duty o ON o.project_code = w.project_code AND o.item_code = w.item_code
      AND o.unit_code = ANY({with_predecessors(":unit")}) AND NOT w.is_seen
    JOIN standing k ON k.duty_id = o.id AND k.hold <> 'not_applicable')
  ORDER BY d.id""")

# The duties that must be matched with the pages collected before they were made or renamed, in the
# order of their units, for the pages of a unit are read once for all of its duties.
TO_REMATCH = text("""
  SELECT duty_id, match_wanted_at FROM standing WHERE match_wanted
  ORDER BY unit_code, duty_id LIMIT :limit""")

# What a proof of absence must be younger than to move a unit's duties that wait for one: the day,
# because all of them were due before it, and what they are matched by.
PROOF_NEEDED_SINCE = text("""
  SELECT unit_code, greatest(max(matchable_since), CAST(:day AS timestamptz)) FROM standing
  WHERE unit_code = ANY(CAST(:units AS text[])) AND verdict = 'unknown_source_down'
  GROUP BY unit_code""")

SETTLE_REMATCHED = text("""
  UPDATE standing s SET match_wanted = false
  FROM unnest(CAST(:ids AS uuid[]), CAST(:at AS timestamptz[])) AS seen (duty_id, at)
  WHERE s.duty_id = seen.duty_id AND s.match_wanted_at IS NOT DISTINCT FROM seen.at""")

# A proof of absence is too old only for names that count: what an officer calls the project is
# looked for, and changes nothing that was proven (`Project.confirmed_names`).
REMATCH = text("""
  UPDATE standing s SET match_wanted = true, match_wanted_at = clock_timestamp(),
    matchable_since = greatest(s.matchable_since, p.names_since), version = s.version + 1
  FROM duty d JOIN project p ON p.code = d.project_code
  WHERE d.id = s.duty_id AND d.project_code = ANY(CAST(:projects AS text[]))
  RETURNING s.duty_id""")

REMATCH_UNITS = text("""
  UPDATE standing SET match_wanted = true, match_wanted_at = clock_timestamp(),
    matchable_since = :now, version = version + 1
  WHERE unit_code = ANY(CAST(:units AS text[])) RETURNING duty_id""")


# The statements of `recount` run under the turn of those who judge, so nobody moves a
# standing meanwhile. Each writes (and locks) only rows whose numbers are off: a notice of days
# ahead moves none, and the price of a correction is that of its own days.
#
# The ordinals of duties. Calendar days may end in the year although they begin before it, hence
# the days of the rule are taken off the first one.
RECOUNT_DUTIES = text("""
  UPDATE duty d SET start_ord = n.start_ord, due_ord = n.due_ord
  FROM (SELECT d.id, c.ord_start AS start_ord, d.extended_by + CASE d.rule_kind
                 WHEN 'realtime' THEN c.ord_end
                 WHEN 'calendar_days' THEN last.ord_end
                 ELSE c.ord_start + d.rule_n END AS due_ord
        FROM duty d
        LEFT JOIN work_calendar c ON c.region = d.region AND c.date = d.formed_on
        LEFT JOIN work_calendar last ON last.region = d.region AND d.rule_kind = 'calendar_days'
          AND last.date = d.formed_on + d.rule_n
        WHERE d.region = :region AND d.basis = 'working' AND d.rule_kind <> 'none'
          AND d.ends IS NULL AND d.formed_on >= CAST(:first AS date)
            - CASE WHEN d.rule_kind = 'calendar_days' THEN d.rule_n ELSE 0 END) n
  WHERE d.id = n.id AND (d.start_ord, d.due_ord) IS DISTINCT FROM (n.start_ord, n.due_ord)""")

# The same of duties that keep their ends, of which the earliest holds (`calendar.rules.due_of`): an
# end of working days counts from its day, any other is that day or the working day it rolls to.
# Where plain days are among them, all are compared as days. One that is not known lies after the
# last day that is.
RECOUNT_ENDS = text("""
  WITH known AS (
    SELECT max(date) AS last_day, max(ord_start) AS last_ord FROM work_calendar
    WHERE region = :region),
  ended AS (
    SELECT d.id, d.basis = 'calendar' AS by_days, d.extended_by, d.formed_on,
           CASE e.counts WHEN 'plain' THEN e.on_day
                WHEN 'next' THEN (SELECT min(w.date) FROM work_calendar w
                  WHERE w.region = :region AND w.ord_start = c.ord_end AND w.is_workday)
                ELSE (SELECT min(w.date) FROM work_calendar w
                  WHERE w.region = :region AND w.ord_start = c.ord_start + e.n AND w.is_workday)
           END AS last_on,
           CASE e.counts WHEN 'next' THEN c.ord_end ELSE c.ord_start + e.n END AS last_ord
    FROM duty d
    CROSS JOIN LATERAL (SELECT CAST(x ->> 0 AS date) AS on_day, CAST(x ->> 1 AS int) AS n,
                               x ->> 2 AS counts FROM jsonb_array_elements(d.ends) x) e
    LEFT JOIN work_calendar c ON c.region = :region AND c.date = e.on_day
    WHERE d.region = :region AND d.ends IS NOT NULL),
  earliest AS (
    SELECT id, by_days, extended_by, formed_on,
           CASE WHEN bool_and(last_on IS NOT NULL) OR min(last_on) <= min(k.last_day)
                THEN min(last_on) - DATE '2000-01-01' END AS due_day,
           CASE WHEN bool_and(e.last_ord IS NOT NULL) OR min(e.last_ord) <= min(k.last_ord)
                THEN min(e.last_ord) END AS due_ord
    FROM ended e CROSS JOIN known k GROUP BY id, by_days, extended_by, formed_on),
  dated AS (
    SELECT l.id, CASE WHEN l.by_days THEN l.formed_on - DATE '2000-01-01'
                      ELSE c.ord_start END AS start_ord,
           l.extended_by + CASE WHEN l.by_days THEN l.due_day ELSE l.due_ord END AS due_ord
    FROM earliest l LEFT JOIN work_calendar c ON c.region = :region AND c.date = l.formed_on)
  UPDATE duty d SET start_ord = n.start_ord, due_ord = n.due_ord FROM dated n
  WHERE d.id = n.id AND (d.start_ord, d.due_ord) IS DISTINCT FROM (n.start_ord, n.due_ord)""")

# What must stay for working days, or until a day that rolls, is counted by the calendar.
KEPT_SINCE = text("""
  SELECT d.id FROM standing s JOIN duty d ON d.id = s.duty_id
  JOIN publication p ON p.duty_id = s.duty_id
  WHERE s.keep IS NOT NULL
    AND (s.stay_most_day IS NULL OR s.stay_most_day >= CAST(:since AS date) - DATE '2000-01-01')
  ORDER BY d.id""")

# Their copy in `standing`; 400 days back reach every duty that the first statement could move.
RECOUNT_DUE = text("""
  UPDATE standing s SET due_ord = d.due_ord FROM duty d
  WHERE d.id = s.duty_id AND (d.formed_on >= CAST(:first AS date) - 400 OR d.ends IS NOT NULL)
    AND s.due_ord IS DISTINCT FROM d.due_ord""")

# What was seen, as ordinals. A day of absence after the last known notice counts as the working
# day after it, the least that it can be; the others stay unknown (`ordinals.evidence_ordinals`).
RECOUNT_EVIDENCE = text("""
  UPDATE standing s SET seen_ord = n.seen_ord, absent_ord = n.absent_ord, claim_ord = n.claim_ord
  FROM (SELECT p.duty_id, seen.ord_end AS seen_ord, claim.ord_end AS claim_ord,
               coalesce(absent.ord_end, CASE WHEN p.last_absent_at IS NOT NULL THEN
                 (SELECT max(ord_start) + 1 FROM work_calendar WHERE region = :region)
               END) AS absent_ord
        FROM publication p
        JOIN duty d ON d.id = p.duty_id AND d.basis = 'working' AND d.region = :region
        LEFT JOIN work_calendar seen ON seen.region = d.region
          AND seen.date = (p.first_seen_at AT TIME ZONE 'Asia/Shanghai')::date
        LEFT JOIN work_calendar absent ON absent.region = d.region
          AND absent.date = (p.last_absent_at AT TIME ZONE 'Asia/Shanghai')::date
        LEFT JOIN work_calendar claim ON claim.region = d.region
          AND claim.date = (p.claimed_at AT TIME ZONE 'Asia/Shanghai')::date
        WHERE greatest(p.first_seen_at, p.last_absent_at, p.claimed_at) >= :first_at) n
  WHERE s.duty_id = n.duty_id AND (s.seen_ord, s.absent_ord, s.claim_ord)
    IS DISTINCT FROM (n.seen_ord, n.absent_ord, n.claim_ord)""")


def _columns(table: type[Table], without: str = "") -> list[str]:
    return [column for column in table.model_fields if column != without]


ADD_FACTS = text(f"""
  INSERT INTO publication_fact ({", ".join(_columns(PublicationFact, "id"))})
  SELECT {", ".join(_columns(PublicationFact, "id"))}
  FROM jsonb_populate_recordset(CAST(NULL AS publication_fact), CAST(:rows AS jsonb))""")

ADD_FRESH_FACTS = f"{ADD_FACTS.text} RETURNING id, sha256"


def _put_publications(fact_id: str) -> str:
    values = [fact_id if name == "fact_id" else name for name in _columns(Publication)]
    return f"""
  INSERT INTO publication ({", ".join(_columns(Publication))})
  SELECT {", ".join(values)}
  FROM jsonb_populate_recordset(CAST(NULL AS publication), CAST(:rows AS jsonb))
  ON CONFLICT (duty_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _columns(Publication, "duty_id"))}"""


PUT_PUBLICATIONS = text(_put_publications("fact_id"))

PUT_BY_NEW_FACT = _put_publications("(SELECT min(id) FROM new_fact WHERE sha256 = :sha256)")
"""The same where the best evidence is one of the facts that the same statement appends."""
