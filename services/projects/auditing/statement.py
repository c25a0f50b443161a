"""The audit as one statement over the narrow `standing` rows, which keeps the roll-up as well.

The statement scans once and joins nothing: the duty's clock, the evidence and the verdict lie in
the same row, the calendar and the walks come in as a handful of numbers, and only rows whose
verdict moves are written. Who judges has the turn, so the roll-up's few rows are never waited for.
"""

from sqlalchemy import text

from services.projects.auditing.rules.judging import (
    DUE_SOON_DAYS,
    ENDLESS,
    RULE_VERSION,
    VERDICT_OF,
)
from services.projects.auditing.walks import COUNTS

NOW = "(CASE WHEN s.calendar_days THEN CAST(:now_day AS int) ELSE CAST(:now_ord AS int) END)"
LAST = f"(CASE WHEN s.calendar_days THEN {ENDLESS} ELSE CAST(:last_ord AS int) END)"
_WALK_OF_UNIT = "[array_position(CAST(:walked_units AS text[]), CAST(s.unit_code AS text))]"
WALKED = (
    "(CASE WHEN s.calendar_days THEN CAST(:walked_days AS int[]) ELSE CAST(:walked_ords AS int[])"
    f" END){_WALK_OF_UNIT}"
)
"""When the unit's places were last read to their end: looked up for the few rows that need it."""

WALK_KNEW = (
    "(s.matchable_since IS NULL OR"
    f" (CAST(:walked_ats AS timestamptz[])){_WALK_OF_UNIT} >= s.matchable_since)"
)
"""Whether that walk was made after the duty, under its present names, could be matched."""


_IS_BROKEN = "(s.is_gone OR s.gone_day IS NOT NULL)"
_HAS_STAYED = (
    "(s.stayed_day >= s.stay_most_day AND (s.gone_day IS NULL OR s.gone_day > s.stay_most_day))"
)
_GONE = """CASE WHEN s.keep IS NULL THEN 'gone_from_the_web'
      WHEN s.gone_day <= s.stay_least_day THEN CASE s.keep
        WHEN 'min_display' THEN 'taken_down_early' ELSE 'gone_from_the_web' END
      ELSE 'stay_not_known' END"""


def _in_time(reason: str) -> str:
    return f"""CASE
      WHEN {_IS_BROKEN} AND (s.keep IS NULL OR NOT coalesce({_HAS_STAYED}, false)) THEN {_GONE}
      WHEN s.is_incomplete THEN 'elements_missing'
      WHEN s.keep IS NULL OR {_IS_BROKEN} THEN '{reason}'
      WHEN s.stay_most_day IS NULL THEN 'calendar_not_loaded'
      WHEN s.keep = 'keep_online' OR {_HAS_STAYED} THEN '{reason}'
      WHEN CAST(:now_day AS int) > s.stay_most_day THEN 'display_not_checked'
      ELSE 'on_display' END"""


REASON = f"""CASE
  WHEN s.hold <> 'none' THEN CASE s.hold
    WHEN 'not_applicable' THEN CASE WHEN s.has_clock THEN 'not_auditable'
      ELSE 'clock_unsupported' END
    WHEN 'exempt' THEN 'exempted'
    WHEN 'suspended' THEN 'suspended_by_ruling'
    WHEN 'disputed' THEN 'disputed_by_unit' END
  WHEN NOT s.is_formed THEN 'no_formation_date'
  WHEN s.seen_early THEN 'seen_before_formed'
  WHEN s.due_ord IS NULL THEN 'calendar_not_loaded'
  WHEN s.is_seen THEN CASE
    WHEN s.claim_early AND NOT s.claim_contradicted THEN 'claim_before_formed'
    WHEN s.seen_ord <= s.due_ord THEN {_in_time("seen_in_time")}
    WHEN s.absent_ord > s.due_ord THEN 'absent_after_due'
    WHEN s.claim_contradicted THEN 'claim_contradicted'
    WHEN NOT s.is_claimed THEN 'no_publication_time'
    WHEN s.claim_ord <= s.due_ord THEN {_in_time("claim_in_time")}
    WHEN s.claim_ord IS NOT NULL OR s.due_ord <= {LAST} THEN 'claim_after_due'
    ELSE 'calendar_not_loaded' END
  WHEN s.due_ord > {LAST} THEN 'calendar_not_loaded'
  WHEN s.due_ord - {NOW} > {DUE_SOON_DAYS} THEN 'due_date_ahead'
  WHEN s.due_ord >= {NOW} THEN 'due_within_days'
  WHEN s.in_review THEN 'candidate_in_review'
  WHEN {WALKED} > s.due_ord AND {WALK_KNEW} THEN 'proven_absent'
  ELSE 'no_capture_since_due' END"""


def over_by(reason: str) -> str:
    """By how many days a duty judged so is over, as SQL; NULL unless it is late."""
    return f"""CASE {reason}
  WHEN 'absent_after_due' THEN greatest(
    s.absent_ord, CASE WHEN NOT s.claim_contradicted THEN s.claim_ord END) - s.due_ord
  WHEN 'claim_after_due' THEN coalesce(s.claim_ord, {LAST} + 1) - s.due_ord END"""


def verdict_of(reason: str) -> str:
    """The verdict to which a reason belongs, as SQL."""
    words = " ".join(f"WHEN '{each}' THEN '{verdict}'" for each, verdict in VERDICT_OF.items())
    return f"CASE {reason} {words} END"


MOVES = f"""(s.reason IS DISTINCT FROM {REASON}
      OR s.is_seen AND s.over_by IS DISTINCT FROM {over_by("s.reason")})"""


def _falls_due(calendar_days: str, now: str) -> str:
    return (
        f"{calendar_days} AND s.reason = 'due_date_ahead'"
        f" AND s.due_ord <= CAST(:{now} AS int) + {DUE_SOON_DAYS}"
        f" OR {calendar_days} AND s.reason = 'due_within_days'"
        f" AND s.due_ord < CAST(:{now} AS int)"
    )


SCOPES = {
    "all": "true",
    "falling_due": (
        f"{_falls_due('NOT s.calendar_days', 'now_ord')}"
        f" OR {_falls_due('s.calendar_days', 'now_day')}"
        " OR s.reason = 'on_display' AND s.stay_most_day < CAST(:now_day AS int)"
    ),
    "duties": "s.duty_id = ANY(CAST(:chosen AS uuid[]))",
    "walked": "s.unit_code = ANY(CAST(:chosen AS text[])) AND NOT s.is_seen",
}
"""What is judged: everything; what a day that passes moves, each way found in an index of its own;
duties about which something changed; what is still missing on pages that were just read."""

FIND_MOVES = f"SELECT coalesce(array_agg(s.duty_id), '{{}}') FROM standing s WHERE {MOVES}"
"""The duties whose verdict is no longer right. It only reads, so that PostgreSQL may use all its
cores: it never does in a statement that writes."""

_NOTE = f"""
  INSERT INTO verdict_event (duty_id, unit_code, from_verdict, to_verdict, over_by, reason,
    fact_id, as_of, rule_version, calendar_version, actor, judged_at)
  SELECT m.duty_id, m.unit_code, m.from_verdict, m.to_verdict, m.over_by, m.reason,
         p.fact_id, CAST(:as_of AS date), {RULE_VERSION}, CAST(:calendar_version AS int),
         CAST(:actor AS text), CAST(:now AS timestamptz)
  FROM moved m LEFT JOIN publication p ON p.duty_id = m.duty_id
  WHERE (m.from_verdict, m.from_over_by) IS DISTINCT FROM (m.to_verdict, m.over_by)"""

_TALLY = """
  MERGE INTO unit_tally t
  USING (SELECT unit_code, verdict, sum(n) AS n, sum(over_by) AS over_by
         FROM (SELECT unit_code, from_verdict AS verdict, -1 AS n,
                      -coalesce(from_over_by, 0) AS over_by
               FROM moved WHERE from_verdict IS NOT NULL
               UNION ALL
               SELECT unit_code, to_verdict, 1, coalesce(over_by, 0) FROM moved) each
         GROUP BY unit_code, verdict HAVING sum(n) <> 0 OR sum(over_by) <> 0) d
  ON t.unit_code = d.unit_code AND t.verdict = d.verdict
  WHEN MATCHED THEN UPDATE SET n = t.n + d.n, over_by = t.over_by + d.over_by
  WHEN NOT MATCHED THEN INSERT (unit_code, verdict, n, over_by)
    VALUES (d.unit_code, d.verdict, d.n, d.over_by)"""

HISTORY = {
    "duty_id": "uuid",
    "unit_code": "text",
    "from_verdict": "text",
    "to_verdict": "text",
    "over_by": "int",
    "reason": "text",
    "as_of": "date",
    "rule_version": "int",
    "calendar_version": "int",
    "actor": "text",
    "judged_at": "timestamptz",
}
"""The columns of a line of the history, with their types; `fact_id` goes with them."""

ADD_MOVES = text(f"""
  INSERT INTO verdict_event ({", ".join(HISTORY)}, fact_id)
  SELECT * FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in HISTORY.items())},
    CAST(:fact_id AS bigint[]))""")

ADD_MOVE_BY_NEW_FACT = text(f"""
  INSERT INTO verdict_event ({", ".join(HISTORY)}, fact_id)
  SELECT {", ".join(f"CAST(:{name} AS {kind})" for name, kind in HISTORY.items())}, min(id)
  FROM new_fact WHERE sha256 = :sha256""")

# Right also where the statement has waited for the turn since it looked at the tables: both add to
# the row as it is by then, and a row that is there by then is not in the way of a new one.
MORE_TALLIED = text("""
  INSERT INTO unit_tally AS t (unit_code, verdict, n, over_by)
  SELECT * FROM unnest(CAST(:unit AS text[]), CAST(:verdict AS text[]), CAST(:n AS int[]),
    CAST(:over AS bigint[]))
  ON CONFLICT (unit_code, verdict) DO UPDATE SET n = t.n + excluded.n,
    over_by = t.over_by + excluded.over_by""")

LESS_TALLIED = text("""
  UPDATE unit_tally t SET n = t.n + d.n, over_by = t.over_by + d.over_by
  FROM unnest(CAST(:unit AS text[]), CAST(:verdict AS text[]), CAST(:n AS int[]),
    CAST(:over AS bigint[])) AS d (unit_code, verdict, n, over_by)
  WHERE t.unit_code = d.unit_code AND t.verdict = d.verdict""")

_VERDICT = f"""reason = {REASON}, verdict = {verdict_of(REASON)}, over_by = {over_by(REASON)},
      judged_on = CAST(:as_of AS date), version = s.version + 1"""

_MOVED = """new.duty_id, new.unit_code, new.due_ord, new.calendar_days, new.reason, new.over_by,
            old.verdict AS from_verdict, new.verdict AS to_verdict, old.over_by AS from_over_by"""

EVIDENCE = {
    "is_seen": "bool",
    "seen_ord": "int",
    "seen_early": "bool",
    "absent_ord": "int",
    "is_claimed": "bool",
    "claim_ord": "int",
    "claim_early": "bool",
    "claim_contradicted": "bool",
    "is_incomplete": "bool",
    "is_gone": "bool",
    "stay_least_day": "int",
    "stay_most_day": "int",
    "stayed_day": "int",
    "gone_day": "int",
    "in_review": "bool",
}
"""The columns of `standing` that say what was seen, with their types."""


def judge_statement(scope: str) -> str:
    """The audit of the duties in `scope` (a key of SCOPES); gives a row for each verdict moved."""
    return _judging(f"""
  UPDATE standing s SET {_VERDICT}
  WHERE ({SCOPES[scope]}) AND {MOVES}
  RETURNING {_MOVED}""")


def see_statement() -> str:
    """The same for duties of which something was seen, whose evidence it writes as well: each row
    is written once, also where nothing moves, for who decides on the duty must know of the facts.
    `evidence` is a JSON list of objects with `duty_id` and EVIDENCE.
    """
    typed = ", ".join(f"{name} {kind}" for name, kind in EVIDENCE.items())
    names = list(EVIDENCE)
    return _judging(f"""
  UPDATE standing t SET {", ".join(f"{name} = s.{name}" for name in names)}, {_VERDICT}
  FROM (SELECT seen.*, k.unit_code, k.hold, k.has_clock, k.calendar_days, k.is_formed,
               k.due_ord, k.keep, k.reason, k.over_by, k.version, k.matchable_since
        FROM jsonb_to_recordset(CAST(:evidence AS jsonb)) AS seen (duty_id uuid, {typed})
        JOIN standing k ON k.duty_id = seen.duty_id) s
  WHERE t.duty_id = s.duty_id
  RETURNING {_MOVED}""")


def _judging(update: str) -> str:
    """`update` moves verdicts; with it go the history and the roll-up.

    moved: the only CTE that locks rows of `standing`, those that it writes and no other. `old` and
    `new` in its RETURNING give both verdicts, so that nothing is read again.
    noted: the history, a row for each verdict, reason or overrun that moved. It reads `publication`
    as it was before this statement, which is why facts are derived before the duty is judged.
    tallied: the roll-up, one MERGE of a few rows a unit. Whoever judges has the turn, so that two
    never meet at these rows in opposite orders; the price is that judging is never parallel.

    PostgreSQL runs noted and tallied to their end although the outer query does not read them.
    """
    return f"""
WITH moved AS ({update}
), noted AS ({_NOTE}
), tallied AS ({_TALLY}
)
SELECT m.duty_id, m.unit_code, m.from_verdict, m.to_verdict, m.reason,
       coalesce(m.over_by, {NOW.replace("s.", "m.")} - m.due_ord) AS over_by
FROM moved m WHERE m.from_verdict IS DISTINCT FROM m.to_verdict ORDER BY m.duty_id"""


# What is not audited, or was published, stays with the unit that it was found of; what is exempt
# goes with the rest, for somebody has to publish it once that is taken back.
# The line of the history gives the same verdict to the other unit, so that counts by the history
# move with the roll-up. Where the new unit publishes was never read for these duties.
HAND_OVER = text(f"""
WITH moved AS (
  UPDATE standing s SET unit_code = :into, matchable_since = :now, match_wanted = true,
    match_wanted_at = clock_timestamp(), version = s.version + 1
  WHERE s.unit_code = :unit AND NOT s.is_seen
    AND s.verdict <> 'not_applicable'
  RETURNING s.duty_id, s.verdict, s.over_by, s.reason
), noted AS (
  INSERT INTO verdict_event (duty_id, unit_code, from_verdict, to_verdict, over_by, reason, as_of,
    rule_version, calendar_version, actor, judged_at)
  SELECT duty_id, :into, verdict, verdict, over_by, reason, CAST(:as_of AS date), {RULE_VERSION},
         CAST(:calendar_version AS int), :actor, CAST(:now AS timestamptz) FROM moved
), tallied AS (
  MERGE INTO unit_tally t
  USING (SELECT CAST(u.code AS text) AS unit_code, m.verdict, u.sign * count(*) AS n,
                u.sign * coalesce(sum(m.over_by), 0) AS over_by
         FROM moved m, (VALUES (:unit, -1), (:into, 1)) AS u (code, sign)
         GROUP BY u.code, u.sign, m.verdict) d
  ON t.unit_code = d.unit_code AND t.verdict = d.verdict
  WHEN MATCHED THEN UPDATE SET n = t.n + d.n, over_by = t.over_by + d.over_by
  WHEN NOT MATCHED THEN INSERT (unit_code, verdict, n, over_by)
    VALUES (d.unit_code, d.verdict, d.n, d.over_by)
)
SELECT duty_id FROM moved ORDER BY duty_id""")

TODAY = text("""
  SELECT coalesce(c.ord_end, last.ord_start + 1) AS now_ord, last.ord_start AS last_ord,
         CAST(:as_of AS date) - DATE '2000-01-01' AS now_day,
         (SELECT max(version) FROM calendar_version WHERE region = :region) AS calendar_version
  FROM (SELECT ord_start FROM work_calendar WHERE region = :region
        ORDER BY date DESC LIMIT 1) last
  LEFT JOIN work_calendar c ON c.region = :region AND c.date = :as_of""")

WALKS = text(f"""
  SELECT coalesce(array_agg(f.unit_code), '{{}}') AS walked_units,
         coalesce(array_agg(f.day - DATE '2000-01-01'), '{{}}') AS walked_days,
         coalesce(array_agg(coalesce(c.ord_end, CAST(:last_ord AS int) + 1)), '{{}}')
           AS walked_ords,
         coalesce(array_agg(f.walked_at), '{{}}') AS walked_ats
  FROM (SELECT unit_code, max(walked_at) AS walked_at,
               (max(walked_at) AT TIME ZONE 'Asia/Shanghai')::date AS day
        FROM full_walk f WHERE {COUNTS} GROUP BY unit_code) f
  LEFT JOIN work_calendar c ON c.region = :region AND c.date = f.day
  WHERE NOT EXISTS (SELECT 1 FROM portal p
    WHERE p.unit_code = f.unit_code AND p.enabled AND p.proven_at IS NULL)""")
"""A unit with a place of which no absence is proven has no walk: it may have published there."""

PROVEN_ABSENT = text("""
  SELECT DISTINCT unit_code FROM standing
  WHERE unit_code = ANY(CAST(:units AS text[])) AND verdict = 'overdue'""")

NAMES = text("""
  SELECT d.id AS duty_id, u.name AS unit_name,
         coalesce(d.project_code, '') AS project_code, d.subject,
         coalesce(pr.name, d.subject) AS project_name,
         d.item_code, i.item_l2 AS item_name,
         CASE WHEN s.calendar_days THEN DATE '2000-01-01' + s.due_ord ELSE c.date END AS due_on
  FROM duty d
  JOIN standing s ON s.duty_id = d.id
  JOIN responsible_unit u ON u.code = d.unit_code
  LEFT JOIN project pr ON pr.code = d.project_code
  JOIN catalogue_item i ON i.id = d.item_id
  LEFT JOIN work_calendar c ON c.region = :region AND c.ord_start = s.due_ord AND c.is_workday
  WHERE d.id = ANY(CAST(:ids AS uuid[])) ORDER BY d.id""")

PROVE = text("""
  MERGE INTO unit_tally t
  USING (SELECT coalesce(s.unit_code, kept.unit_code) AS unit_code,
                coalesce(s.verdict, kept.verdict) AS verdict,
                coalesce(s.n, 0) AS n, coalesce(s.over_by, 0) AS over_by
         FROM (SELECT unit_code, verdict, count(*) AS n, coalesce(sum(over_by), 0) AS over_by
               FROM standing WHERE verdict IS NOT NULL GROUP BY unit_code, verdict) s
         FULL JOIN unit_tally kept
           ON kept.unit_code = s.unit_code AND kept.verdict = s.verdict) d
  ON t.unit_code = d.unit_code AND t.verdict = d.verdict
  WHEN MATCHED AND (t.n, t.over_by) IS DISTINCT FROM (d.n, d.over_by)
    THEN UPDATE SET n = d.n, over_by = d.over_by
  WHEN NOT MATCHED THEN INSERT (unit_code, verdict, n, over_by)
    VALUES (d.unit_code, d.verdict, d.n, d.over_by)
  RETURNING t.unit_code, t.verdict, coalesce(old.n, 0) AS kept, new.n AS counted""")


# The audit of a past day: every duty judged by when things happened. What was recorded after that
# day counts as well, if it happened by then, and the judgement says when it was known. Nothing of
# it touches where the duties stand today.
_REASON_THEN = REASON.replace(WALKED, "s.walked_ord")

_MERGED_BY_THEN = """
    WITH RECURSIVE heir (merged_code, unit_code, step) AS (
      SELECT unit_code, successor_code, 1 FROM unit_merger WHERE merged_on <= :as_of
      UNION ALL
      SELECT h.merged_code, n.successor_code, h.step + 1
      FROM heir h JOIN unit_merger n ON n.unit_code = h.unit_code AND n.merged_on <= :as_of)
    SELECT DISTINCT ON (merged_code) merged_code, unit_code FROM heir
    ORDER BY merged_code, step DESC"""
_WALKED, _KNEW = WALKED.replace("s.", "k."), WALK_KNEW.replace("s.", "k.")
_WALKED_BY_FIRST = _WALKED.replace("k.unit_code", "t.unit_code")
_OWED_BY_FIRST = "(d.unit_code <> t.unit_code AND m.unit_code IS NULL)"
_FIRST_KNEW = (
    f"((CAST(:walked_ats AS timestamptz[])){_WALK_OF_UNIT.replace('s.unit', 't.unit')}"
    " >= t.recorded_at)"
)

# unit_code: who owed it on that day. What was taken over later was owed by the unit that its event
# names, or by whichever had taken that over by then.
#
# hold, days: the rulings of that day, for a duty that was exempted later was in its ordinary course
# then, and an extension that came later had not moved its end.
#
# is_seen: whether it was published by then. First seen by then, it was. Seen later, its own claim
# may say that it was there by then, unless we saw the place without it after that day. A page
# without a claim, and not seen absent after the limit, may have been there: it stays seen, and is
# judged as one whose time is not known.
#
# stayed_day, gone_day: what was found gone only later had stayed until then.
#
# until_ord: of a report of a period only what fell due in it, by the limits of that day.
#
# walked_ord: until when absence is proven. A page that appears later was absent as late as we saw
# it so, or as it says itself; of one that never appeared every walk proves it, later ones as well.
# On days before another unit took the duty over, the walks of who owed it then prove it, too.
_STATE_THEN = f"""
  SELECT d.id AS duty_id, CASE WHEN d.unit_code = t.unit_code THEN d.unit_code
           ELSE coalesce(m.unit_code, t.unit_code) END AS unit_code,
         k.calendar_days, k.is_formed, k.due_ord_then AS due_ord,
         coalesce(r.hold, CASE d.hold WHEN 'not_applicable' THEN 'not_applicable'
                          ELSE 'none' END) AS hold, k.has_clock,
         k.is_seen AND (p.first_seen_at < :before
           OR coalesce(p.last_absent_at < :before, true)
              AND CASE WHEN k.is_claimed THEN p.claimed_at < :before
                  ELSE coalesce(k.absent_ord <= k.due_ord_then, true) END) AS is_seen,
         k.seen_ord, k.seen_early AND p.first_seen_at < :before AS seen_early, k.absent_ord,
         k.is_claimed, k.claim_ord, k.claim_early, k.claim_contradicted, k.is_incomplete,
         k.is_gone AND p.gone_at < :before AS is_gone, k.keep, k.stay_least_day,
         k.stay_most_day, least(k.stayed_day, CAST(:now_day AS int)) AS stayed_day,
         CASE WHEN k.gone_day <= CAST(:now_day AS int) THEN k.gone_day END AS gone_day,
         k.in_review,
         CASE WHEN k.is_seen THEN greatest(k.absent_ord,
                CASE WHEN NOT k.claim_contradicted THEN k.claim_ord END)
              WHEN {_OWED_BY_FIRST}
              THEN greatest(CASE WHEN {_KNEW} THEN {_WALKED} END,
                            CASE WHEN {_FIRST_KNEW} THEN {_WALKED_BY_FIRST} END)
              ELSE {_WALKED} END AS walked_ord,
         CASE WHEN NOT k.is_seen AND NOT coalesce({_KNEW}, false)
                AND NOT coalesce({_OWED_BY_FIRST} AND {_FIRST_KNEW}, false)
              THEN k.matchable_since END AS matchable_since,
         p.fact_id, t.recorded_at,
         CASE WHEN k.is_seen THEN f.recorded_at ELSE w.walked_at END AS seen_to_be_so_at
  FROM duty d
  JOIN trigger_event t ON t.id = d.trigger_id
  LEFT JOIN ({_MERGED_BY_THEN}) m ON m.merged_code = t.unit_code
  LEFT JOIN LATERAL (
    SELECT sum(x.days) AS days, (array_agg(CASE x.kind WHEN 'exempt' THEN 'exempt'
             WHEN 'dispute' THEN 'disputed' WHEN 'suspend' THEN 'suspended'
             WHEN 'restore' THEN 'none' END ORDER BY x.ruled_at DESC, x.id DESC)
             FILTER (WHERE x.kind <> 'extend'))[1] AS hold
    FROM duty_ruling x WHERE x.duty_id = d.id AND x.ruled_at < :before) r ON true
  JOIN LATERAL (SELECT s.*, s.due_ord - d.extended_by + coalesce(r.days, 0) AS due_ord_then
                FROM standing s WHERE s.duty_id = d.id) k ON true
  LEFT JOIN publication p ON p.duty_id = d.id
  LEFT JOIN publication_fact f ON f.id = p.fact_id
  LEFT JOIN (SELECT unit_code, max(walked_at) AS walked_at FROM full_walk f WHERE {COUNTS}
             GROUP BY unit_code) w
    ON w.unit_code = CASE WHEN {_OWED_BY_FIRST} AND {_FIRST_KNEW} THEN t.unit_code
                          ELSE d.unit_code END
  WHERE coalesce(d.formed_on <= :as_of, t.recorded_at < :before)
    AND (CAST(:until_ord AS int) IS NULL OR CASE WHEN k.calendar_days
      THEN k.due_ord_then BETWEEN CAST(:first_day AS int) AND CAST(:last_day AS int)
      ELSE k.due_ord_then > CAST(:after_ord AS int) AND k.due_ord_then <= :until_ord END)"""

JUDGE_AS_OF = text(f"""
  INSERT INTO past_judgement (report_id, duty_id, unit_code, verdict, over_by, reason, fact_id,
    known_at)
  SELECT CAST(:report_id AS uuid), j.duty_id, j.unit_code, {verdict_of("j.reason")}, j.over_by,
         j.reason, CASE WHEN j.is_seen THEN j.fact_id END,
         CASE WHEN j.known_at >= :before THEN j.known_at END
  FROM (SELECT s.*, {over_by("s.reason")} AS over_by,
               CASE WHEN s.hold = 'none' AND (s.is_seen OR s.reason = 'proven_absent')
                 THEN greatest(s.recorded_at, s.seen_to_be_so_at) ELSE s.recorded_at END AS known_at
        FROM (SELECT s.*, {_REASON_THEN} AS reason FROM ({_STATE_THEN}) s) s) j""")
