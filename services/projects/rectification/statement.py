"""The written SQL of orders: how they are shown, listed and looked through."""

from collections.abc import Iterable

from sqlalchemy import text

from services.projects.rectification.models import RectificationOrder, RectificationState
from services.projects.rectification.workflow import OPEN, WITH_UNIT
from shared.database import rows


def _listed(states: Iterable[RectificationState]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


_VIEW = f"""
SELECT {rows.columns(RectificationOrder, "o")}, u.name, d.project_code, pr.name, d.item_code,
       i.item_l2, s.verdict, s.hold, s.version, x.id IS NOT NULL, f.url, f.observed_at,
       f.evidence_id
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

# What waits for whom: a unit for whatever is with it, an auditor for replies and for what another
# has proposed, a supervisor for what was escalated.
LIST = f"""{_VIEW}
WHERE (CAST($1 AS text[]) IS NULL OR o.unit_code = ANY($1))
  AND (CAST($2 AS text) IS NULL OR o.state = $2)
  AND (CAST($3 AS uuid) IS NULL OR o.duty_id = $3)
  AND (NOT CAST($4 AS boolean) OR o.ended_at IS NULL AND o.due_on < CAST($5 AS date))
  AND (CAST($6 AS date) IS NULL OR o.ended_at IS NULL AND o.due_on < $6)
  AND (CAST($7 AS text[]) IS NULL
    OR 'officer' = ANY($7) AND o.state IN ({_listed((*WITH_UNIT, RectificationState.ESCALATED))})
    OR 'auditor' = ANY($7) AND o.ended_at IS NULL AND (o.state = 'replied'
      OR o.proposal IS NOT NULL AND o.first_by <> $8 AND o.issued_by <> $8)
    OR 'supervisor' = ANY($7) AND o.state = 'escalated')
  AND (CAST($10 AS uuid) IS NULL
    OR (coalesce(o.due_on, 'infinity'), o.id) > (coalesce(CAST($9 AS date), 'infinity'), $10))
ORDER BY coalesce(o.due_on, 'infinity'), o.id LIMIT $11"""

BASIS = text("""
SELECT p.term_days, p.further_days, y.last_number, y.version, o.id, o.number,
       coalesce(b.missing_elements, '[]') AS missing_elements
FROM (SELECT term_days, further_days FROM rectification_policy ORDER BY version DESC LIMIT 1) p
LEFT JOIN rectification_year y ON y.year = :year
LEFT JOIN rectification_order o ON o.duty_id = :duty AND o.ended_at IS NULL
LEFT JOIN publication b ON b.duty_id = :duty""")

STEPS = text("""
SELECT step, state, level, due_on, reply_kind, url, document, text, at, by
FROM rectification_step WHERE order_id = :id ORDER BY id""")

# Some open orders of whose duty something has changed since it was known whether it proves
# anything. Whoever takes a step meanwhile is not waited for: it is looked at the next time.
UNSETTLED = f"""{_VIEW}
WHERE o.ended_at IS NULL AND o.looked_at IS DISTINCT FROM s.version
ORDER BY o.id LIMIT $1 FOR UPDATE OF o SKIP LOCKED"""

# Some orders with their unit whose last day is over, that are still held against it: while a
# dispute is open, a candidate is in review or a person is to decide, it stands still.
LEFT_ALONE = f"""{_VIEW}
WHERE o.state IN ({_listed(WITH_UNIT)}) AND o.escalated_at IS NULL AND o.proposal IS NULL
  AND o.due_on < CAST($1 AS date) AND x.id IS NULL AND s.verdict = ANY(CAST($2 AS text[]))
ORDER BY o.due_on, o.id LIMIT $3 FOR UPDATE OF o SKIP LOCKED"""

OPEN_TERMS = f"""
SELECT {rows.columns(RectificationOrder, "o")} FROM rectification_order o
WHERE o.state IN ({_listed(OPEN)}) FOR UPDATE"""

LOOKED_AT = text("""
UPDATE rectification_order o SET looked_at = seen.version
FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[])) AS seen (id, version)
WHERE o.id = seen.id""")
