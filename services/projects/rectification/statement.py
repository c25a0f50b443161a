"""The written SQL of orders: how they are shown, listed and looked through."""

from collections.abc import Iterable

from sqlalchemy import text

from services.projects.proven import STILL_PROVES
from services.projects.rectification.models import (
    WITH_UNIT,
    RectificationOrder,
    RectificationPolicy,
    RectificationState,
)
from services.projects.rectification.workflow import OPEN
from services.projects.successors import now_of
from shared.database import calendar_days, rows


def _listed(states: Iterable[RectificationState]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


_VIEW = f"""
SELECT {rows.columns(RectificationOrder, "o")}, u.name, d.project_code, pr.name, d.subject,
       d.item_code, i.item_l2, s.verdict, s.hold, s.version, x.id IS NOT NULL, f.url, f.observed_at,
       f.evidence_id, {STILL_PROVES},
       ARRAY(SELECT DISTINCT k.by FROM rectification_step k
             WHERE k.order_id = o.id AND k.step = 'replied')
FROM rectification_order o
JOIN duty d ON d.id = o.duty_id
JOIN standing s ON s.duty_id = o.duty_id
JOIN responsible_unit u ON u.code = o.unit_code
JOIN catalogue_item i ON i.id = d.item_id
LEFT JOIN project pr ON pr.code = d.project_code
LEFT JOIN dispute x ON x.duty_id = o.duty_id AND x.state = 'open'
LEFT JOIN publication_fact f ON f.id = o.proof_fact_id
"""

ONE = f"{_VIEW} WHERE o.id = $1"
SOME = f"{_VIEW} WHERE o.id = ANY($1) ORDER BY o.id"

_WITH_OFFICER = _listed((*WITH_UNIT, RectificationState.ESCALATED))
_OWN = "(o.unit_code = ANY(CAST($9 AS text[])) OR '*' = ANY($9))"

# What waits for whom: a unit for whatever is with it, an auditor for replies and for what another
# has proposed, a supervisor for what was escalated, and for what an auditor let lie.
LIST = f"""{_VIEW}
WHERE (CAST($1 AS text[]) IS NULL OR o.unit_code = ANY($1))
  AND (CAST($2 AS text) IS NULL OR o.state = $2)
  AND (CAST($3 AS uuid) IS NULL OR o.duty_id = $3)
  AND (NOT CAST($4 AS boolean) OR o.due_on < CAST($5 AS date)
    AND o.state IN ({_WITH_OFFICER}))
  AND (CAST($6 AS date) IS NULL OR o.ended_at IS NULL AND o.due_on < $6)
  AND (CAST($7 AS text[]) IS NULL
    OR 'officer' = ANY($7) AND {_OWN} AND o.state IN ({_WITH_OFFICER})
    OR 'auditor' = ANY($7) AND NOT {_OWN} AND o.ended_at IS NULL AND (o.state = 'replied'
      OR o.proposal IS NOT NULL AND o.first_by <> $8 AND o.issued_by <> $8)
    OR 'supervisor' = ANY($7) AND o.ended_at IS NULL AND (o.escalated_at IS NOT NULL
      OR (o.state = 'replied' OR o.proposal IS NOT NULL) AND o.review_due_on < $5))
  AND (CAST($11 AS uuid) IS NULL
    OR (coalesce(o.due_on, 'infinity'), o.id) > (coalesce(CAST($10 AS date), 'infinity'), $11))
ORDER BY coalesce(o.due_on, 'infinity'), o.id LIMIT $12"""

# Of a unit that became part of another it is the other that has to put it right.
BASIS = text(f"""
SELECT p.term_days, y.last_number, y.version, o.id, o.number,
       coalesce(b.missing_elements, '[]') AS missing_elements, u.code, u.name
FROM (SELECT term_days FROM rectification_policy ORDER BY version DESC LIMIT 1) p
JOIN duty d ON d.id = :duty
JOIN responsible_unit u ON u.code = {now_of("d.unit_code")}
LEFT JOIN rectification_year y ON y.year = :year
LEFT JOIN rectification_order o ON o.duty_id = :duty AND o.ended_at IS NULL
LEFT JOIN publication b ON b.duty_id = :duty""")

# By what a term that begins now is counted: the policy in force, and what the calendar holds.
TERM_BASIS = f"""
SELECT {rows.columns(RectificationPolicy, "p")}, held.days, held.digest
FROM rectification_policy p CROSS JOIN ({calendar_days.CONTENT}) held (days, digest)
ORDER BY p.version DESC LIMIT 1"""

# The page of a reply is known by its address, among those that its unit named.
STEPS = text("""
SELECT k.step, k.state, k.level, k.due_on, k.reply_kind, k.url, k.document, k.text, k.at, k.by,
       g.page
FROM rectification_step k
JOIN rectification_order o ON o.id = k.order_id
LEFT JOIN LATERAL (
  SELECT jsonb_build_object('state', p.detail_state, 'fault', p.fault,
           'checked_at', p.checked_at, 'evidence_id', p.evidence_id) AS page
  FROM named_address n JOIN portal_page p ON p.id = n.page_id
  WHERE n.unit_code = o.unit_code AND n.url = split_part(k.url, '#', 1) AND n.named_at = k.at
  LIMIT 1) g ON true
WHERE k.order_id = :id ORDER BY k.id""")

# Orders are locked first, with the standing by which they are judged, and then read: facts, a
# dispute and a ruling each count in the standing, so that what is read then stays so until all is
# written. Whoever takes a step meanwhile, or judges, is not waited for: it is looked at next time.
_LOCKED = "FOR UPDATE OF o SKIP LOCKED FOR SHARE OF s SKIP LOCKED"
_JUDGED = "SELECT o.id FROM rectification_order o JOIN standing s ON s.duty_id = o.duty_id"

# Some open orders of whose duty something has changed since it was known whether it proves
# anything.
UNSETTLED = f"""{_JUDGED}
WHERE o.ended_at IS NULL AND o.looked_at IS DISTINCT FROM s.version
ORDER BY o.id LIMIT $1 {_LOCKED}"""

# Some orders closed by proof of whose duty something has changed since. One whose duty is under
# another order by now waits for the end of that one: a duty has one open order.
PROVEN_BEFORE = f"""{_JUDGED}
WHERE o.closing = 'proof' AND o.looked_at IS DISTINCT FROM s.version
  AND NOT EXISTS (SELECT FROM rectification_order k
                  WHERE k.duty_id = o.duty_id AND k.ended_at IS NULL)
ORDER BY o.id LIMIT $1 {_LOCKED}"""

# Some orders whose last day is over, that are still held against their unit: while a dispute is
# open, a candidate is in review, or a reply or a proposal waits for an auditor in their term, it
# stands still.
LEFT_ALONE = f"""{_JUDGED}
WHERE o.state IN ({_listed((*WITH_UNIT, RectificationState.REPLIED))})
  AND o.due_on < CAST($1 AS date) AND s.verdict = ANY(CAST($2 AS text[]))
  AND (o.state <> 'replied' AND o.proposal IS NULL OR o.review_due_on < $1)
  AND NOT EXISTS (SELECT FROM dispute x WHERE x.duty_id = o.duty_id AND x.state = 'open')
ORDER BY o.due_on, o.id LIMIT $3 {_LOCKED}"""

# What waits for an auditor without a term: a release that knew none has written it.
WITHOUT_REVIEW = text("""
UPDATE rectification_order o
SET review_from = :begun, review_days = :days, review_due_on = :due_on, version = version + 1
WHERE o.id IN (SELECT id FROM rectification_order
               WHERE ended_at IS NULL AND review_from IS NULL
                 AND (state = 'replied' OR proposal IS NOT NULL)
               ORDER BY id FOR UPDATE SKIP LOCKED)""")

OPEN_TERMS = f"""
SELECT {rows.columns(RectificationOrder, "o")} FROM rectification_order o
WHERE o.state IN ({_listed(OPEN)}) AND (CAST($1 AS uuid) IS NULL OR o.id > $1)
ORDER BY o.id LIMIT $2 FOR UPDATE"""

COLUMNS = tuple(RectificationOrder.model_fields)

# The orders as given, over what they were; who writes holds them locked.
PUT = text(f"""
UPDATE rectification_order o SET {", ".join(f"{name} = n.{name}" for name in COLUMNS[1:])}
FROM jsonb_populate_recordset(CAST(NULL AS rectification_order), CAST(:rows AS jsonb)) n
WHERE o.id = n.id""")

LOOKED_AT = text("""
UPDATE rectification_order o SET looked_at = seen.version
FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[])) AS seen (id, version)
WHERE o.id = seen.id""")
