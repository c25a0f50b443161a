"""The written SQL of matching: what pages may publish, what matches show, what became of pages."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.projects.calendar.rules import EPOCH
from services.projects.collecting.models import GIVEN_UP_AFTER, PortalPage
from services.projects.coverage import ENDS_NO_CLOCK
from services.projects.matching.models import MatchMethod, MatchState, PageMatch, ReviewReason
from services.projects.successors import now_of, with_predecessors
from shared.database import rows
from shared.database.tables import enum_type


class MatchRow(NamedTuple):
    """A match with its page and its duty, as `_VIEWS` gives it; `reason` as it is stored."""

    id: UUID
    state: MatchState
    method: MatchMethod
    score: float
    reason: ReviewReason | None
    unit_code: str
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    first_by: str | None
    unreadable_since: datetime | None
    version: int
    page_id: UUID
    url: str
    title: str
    listed_on: date | None
    claimed_at: datetime | None
    claimed_from: str | None
    first_seen_at: datetime
    trust: int
    flags: list[str]
    index_no: str | None
    evidence_id: UUID | None
    duty_id: UUID
    project_code: str | None
    subject: str | None
    project_name: str
    item_code: str
    formed_on: date | None
    doc_no: str | None
    is_refused: bool
    """Whether a person has refused what the page says now, whatever `reason` says besides."""


class PageMarks(NamedTuple):
    id: UUID
    portal_id: str
    column_name: str | None
    title: str
    listed_title: str | None
    project_name: str | None
    project_code: str | None
    doc_no: str | None
    is_unread: bool


class TakenPage(NamedTuple):
    """A page that publishes a duty, and an unseen one of its project: of an item, or the same."""

    id: UUID
    portal_id: str
    column_name: str | None
    item_code: str
    is_same: bool
    words: str


# Of what must stay on display: pages that were asked for again on its last day or later, and that
# nobody has noted so yet. Who holds one has its turn; in the order in which others lock pages.
SEEN_AGAIN = text(f"""
UPDATE portal_page p SET match_wanted = true FROM (
  SELECT g.id FROM portal_page g
  WHERE g.gone_at IS NULL AND g.detail_state = 'read' AND NOT g.match_wanted
    AND g.id = ANY(ARRAY(SELECT q.id FROM standing s
      JOIN page_match m ON m.duty_id = s.duty_id AND m.state = 'accepted'
      JOIN portal_page q ON q.id = m.page_id
      WHERE s.reason IN ('on_display', 'display_not_checked')
        AND (q.checked_at AT TIME ZONE 'Asia/Shanghai')::date - DATE '{EPOCH}'
          > greatest(s.stayed_day, s.stay_least_day - 1)))
  ORDER BY g.portal_id, g.url COLLATE "C" FOR NO KEY UPDATE) seen
WHERE seen.id = p.id""")

COPIES = text("""
SELECT DISTINCT m.duty_id
FROM portal_page p
JOIN portal_page q ON q.id <> p.id AND (q.text_sha256 = p.text_sha256 OR q.doc_no = p.doc_no
  OR q.content_sha256 = p.content_sha256)
JOIN page_match m ON m.page_id = q.id AND m.state = 'accepted'
WHERE p.id = ANY(CAST(:pages AS uuid[]))""")

# A page that had one record, and now has several, leaves what it published to its rows, those too
# that are gone. What it shows alone it publishes itself again: no row of it stands, and it names a
# project of its own, and by its code no other one.
_IS_ACCEPTED = "x.state = 'accepted'"
_IN_ROW = f"""
(EXISTS (SELECT FROM portal_page r JOIN page_match x ON x.page_id = r.id
  WHERE r.parent_id = m.page_id AND x.duty_id = m.duty_id AND {_IS_ACCEPTED})
 AND NOT EXISTS (SELECT FROM portal_page o JOIN duty d ON d.id = m.duty_id
    JOIN project c ON c.code = d.project_code
  WHERE o.id = m.page_id
    AND NOT EXISTS (SELECT FROM portal_page s WHERE s.parent_id = o.id AND s.detail_state = 'read')
    AND (o.project_code = c.code OR c.aliases ? o.project_code
      OR o.project_code IS NULL AND (o.doc_no IS NOT NULL OR o.project_name IS NOT NULL))))"""

# What stands where no clock ends is not published by that (`Carrier.is_statutory`).
_ENDS_CLOCK = f"""
NOT EXISTS (SELECT FROM carrier y WHERE y.portal_id = p.portal_id AND {ENDS_NO_CLOCK})"""

STANDING_PAGES = text(f"""
SELECT DISTINCT m.duty_id FROM page_match m JOIN portal_page p ON p.id = m.page_id
WHERE m.duty_id = ANY(CAST(:duties AS uuid[])) AND m.state = 'accepted' AND p.gone_at IS NULL
  AND NOT {_IN_ROW} AND {_ENDS_CLOCK}""")

IN_ROWS = text(f"""
SELECT m.id FROM page_match m
WHERE m.id = ANY(CAST(:matches AS uuid[])) AND {_IN_ROW}""")

GIVEN_UP = f"interval '{GIVEN_UP_AFTER.days} days'"
# Also those on other units' portals that name the unit as their source, or one that became part of
# it. Arrays, for the indexes.
UNTAKEN = text(f"""
SELECT p.id, p.portal_id, p.column_name, p.title, p.listed_title, p.project_name, p.project_code,
       p.doc_no, u.is_unread
FROM portal_page p, LATERAL (SELECT p.gone_at IS NULL
  AND (p.detail_state = 'elsewhere' OR p.flags ? 'words_not_readable'
    OR p.detail_state = 'unreadable' AND p.checked_at - p.unread_since >= {GIVEN_UP}
    ) AS is_unread) u
WHERE (p.portal_id = ANY(ARRAY(SELECT id FROM portal WHERE unit_code = :unit))
    OR p.source_name = ANY(ARRAY(SELECT name FROM responsible_unit
        WHERE code = :unit OR successor_code = :unit
      UNION ALL SELECT alias FROM unit_alias
        WHERE unit_code = ANY({with_predecessors(":unit")}))))
  AND (p.title ~ '[、和及与等]' OR u.is_unread OR NOT EXISTS
    (SELECT 1 FROM page_match m WHERE m.page_id = p.id AND m.state = 'accepted'))""")

# Of the unit that is there now: what one published that became part of it is no other one's.
_CANDIDATE = f"""
SELECT d.id, {now_of("d.unit_code")}, coalesce(d.project_code, d.subject),
       coalesce(p.name, d.subject), d.item_code, d.formed_on, d.doc_no,
       coalesce(p.aliases, CAST('[]' AS jsonb)),
       p.confirmed_names, d.rule_kind = 'min_display', d.project_code, d.subject
FROM duty d LEFT JOIN project p ON p.code = d.project_code
"""

EXACT = text(
    _CANDIDATE + "WHERE d.project_code = ANY(:codes) OR d.doc_no = ANY(:documents)"
    " OR d.project_code IN (SELECT code FROM project WHERE aliases ?| CAST(:codes AS text[])"
    "  OR confirmed_names ?| CAST(:codes AS text[]))"
    " ORDER BY d.id"
)

CHOSEN = text(_CANDIDATE + "WHERE d.id = ANY(:ids) ORDER BY d.id")

# What one person said of its being gone is of the time before: another one begins anew.
_IS_UNREAD = "(p.detail_state = 'unreadable' OR m.id = ANY(CAST(:unjudged AS uuid[])))"
UNREADABLE = text(f"""
UPDATE page_match m SET version = m.version + 1,
  unreadable_since = CASE WHEN {_IS_UNREAD} THEN CAST(:now AS timestamptz) END,
  reason = CASE WHEN m.reason <> 'makes_withdrawn'
                 AND ({_IS_UNREAD} OR m.reason <> 'page_unreadable')
                THEN m.reason END
FROM portal_page p
WHERE p.id = m.page_id AND m.page_id = ANY(CAST(:pages AS uuid[])) AND m.state = 'accepted'
  AND CASE WHEN NOT {_IS_UNREAD}
      THEN m.unreadable_since IS NOT NULL OR m.reason = 'page_unreadable'
      ELSE m.unreadable_since IS NULL AND m.reason IS DISTINCT FROM 'page_unreadable'
        AND coalesce(p.fault <> ALL(CAST(:passing AS text[])), true) END""")

# Also of one that waits already: whoever looked at a day has not looked at the one that is claimed
# by now, and which of them it was is not kept.
MARK_CLAIMS = text("""
UPDATE page_match SET reason = 'claim_changed', first_by = NULL, version = version + 1
WHERE id = ANY(CAST(:matches AS uuid[])) AND state = 'accepted'""")

# What waited for a person meanwhile is not asked any more.
MARK_REFUSED = text("""
UPDATE page_match SET reason = 'claim_refused', version = version + 1,
  first_by = CASE WHEN reason IS DISTINCT FROM 'claim_changed' THEN first_by END
WHERE id = ANY(CAST(:matches AS uuid[])) AND state = 'accepted'
  AND reason IS DISTINCT FROM 'claim_refused' AND reason IS DISTINCT FROM 'makes_withdrawn'""")

ASK_ANOTHER = text("""
UPDATE page_match SET reason = 'makes_withdrawn', first_by = decided_by, version = version + 1,
  unreadable_since = :now
WHERE id = ANY(CAST(:matches AS uuid[])) AND state = 'accepted'""")

REOPEN = text("""
UPDATE page_match SET state = 'review', reason = 'claim_changed', decided_at = NULL,
  decided_by = NULL, first_by = NULL, version = version + 1
WHERE id = ANY(CAST(:matches AS uuid[])) AND state = 'rejected'""")

# Pages that publish a duty of the same project as a duty of which nothing was seen yet.
TAKEN_BESIDES = text("""
SELECT DISTINCT p.id, p.portal_id, p.column_name, w.item_code, d.item_code = w.item_code AS is_same,
       concat_ws(' ', CASE WHEN p.parent_id IS NOT NULL THEN p.listed_title END, p.title) AS words
FROM duty w
JOIN standing s ON s.duty_id = w.id AND NOT s.is_seen
JOIN duty d ON d.project_code = w.project_code AND d.id <> w.id
JOIN page_match m ON m.duty_id = d.id AND m.state = 'accepted'
JOIN portal_page p ON p.id = m.page_id
WHERE w.id = ANY(CAST(:duties AS uuid[]))""")

# A candidate by the unit's own word alone keeps nothing from being said: its finding stands until a
# person has looked, and of one that a person refused once, until somebody accepts it. So it is with
# what nobody could read and was not there by the limit, unless it was there before, and moved: by
# its code, its number or its text, for a title can be used again. A day after the last known notice
# keeps the duty open.
_KEEPS_OPEN = f"""
m.state = 'review' AND m.reason NOT IN ('named_by_unit', 'claim_changed')
AND NOT (m.reason = 'page_unreadable' AND m.method = 'similar' AND EXISTS (
  SELECT FROM portal_page p JOIN duty d ON d.id = m.duty_id
  LEFT JOIN work_calendar c ON c.region = d.region
    AND c.date = (p.content_absent_at AT TIME ZONE 'Asia/Shanghai')::date
  WHERE p.id = m.page_id AND d.due_ord < CASE d.basis WHEN 'calendar'
      THEN (p.content_absent_at AT TIME ZONE 'Asia/Shanghai')::date - DATE '{EPOCH}'
      ELSE c.ord_end END
    AND NOT EXISTS (SELECT FROM portal_page q WHERE q.portal_id = p.portal_id
      AND q.gone_at IS NOT NULL AND q.content_seen_at < p.content_seen_at
      AND (q.project_code = p.project_code OR q.doc_no = p.doc_no
        OR q.text_sha256 = p.text_sha256))))"""

KEPT_OPEN = text(f"""
SELECT DISTINCT m.duty_id FROM page_match m
WHERE m.duty_id = ANY(CAST(:duties AS uuid[])) AND {_KEEPS_OPEN}""")

UNMARKED = text(f"""
SELECT DISTINCT m.duty_id FROM page_match m
JOIN standing s ON s.duty_id = m.duty_id AND NOT s.in_review AND NOT s.is_seen
WHERE m.reason = 'page_unreadable' AND m.method = 'similar' AND {_KEEPS_OPEN} LIMIT 200""")

# A person has refused what the page of an accepted match says now: `refusals.saying_of`.
_IS_REFUSED = """
EXISTS (SELECT FROM match_refusal r
  WHERE r.page_id = m.page_id AND r.duty_id = m.duty_id AND m.state = 'accepted'
    AND r.content_sha256 IS NOT DISTINCT FROM p.content_sha256
    AND r.formed_on IS NOT DISTINCT FROM p.formed_on AND r.claimed_on IS NOT DISTINCT FROM
      (p.claimed_at AT TIME ZONE 'Asia/Shanghai')::date)"""

# What a decision on a match goes by, in one read: whether it keeps its duty open, or another does;
# whether a page that is there publishes the duty besides, once this one is accepted, or is not.
_ONCE_DECIDED = f"(CASE WHEN x.id = k.id THEN CAST($2 AS boolean) ELSE {_IS_ACCEPTED} END)"
SEEN = f"""
SELECT {rows.columns(PageMatch, "k")}, {rows.columns(PortalPage, "g")},
       d.id, {now_of("d.unit_code")}, coalesce(d.project_code, d.subject),
       coalesce(y.name, d.subject), d.item_code, d.formed_on, d.doc_no,
       coalesce(y.aliases, CAST('[]' AS jsonb)), y.confirmed_names, d.rule_kind = 'min_display',
       d.project_code, d.subject, i.content_elements, l.rule, z.version AS standing_version,
       EXISTS (SELECT FROM page_match m WHERE m.id = k.id AND {_KEEPS_OPEN}) AS keeps_open,
       EXISTS (SELECT FROM page_match m
               WHERE m.duty_id = k.duty_id AND m.id <> k.id AND {_KEEPS_OPEN}) AS others_keep_open,
       EXISTS (SELECT FROM page_match m JOIN portal_page p ON p.id = m.page_id
               WHERE m.duty_id = k.duty_id AND m.id <> k.id AND m.state = 'accepted'
                 AND p.gone_at IS NULL AND NOT {_IN_ROW.replace(_IS_ACCEPTED, _ONCE_DECIDED)}
                 AND {_ENDS_CLOCK}) AS is_elsewhere,
       (SELECT {_IS_REFUSED} FROM page_match m JOIN portal_page p ON p.id = m.page_id
        WHERE m.id = k.id) AS is_refused
FROM page_match k
JOIN portal_page g ON g.id = k.page_id
JOIN portal v ON v.id = g.portal_id
LEFT JOIN portal_rule l ON l.portal_id = v.id AND l.version = v.rule_version
JOIN duty d ON d.id = k.duty_id
LEFT JOIN project y ON y.code = d.project_code
JOIN catalogue_item i ON i.id = d.item_id
JOIN standing z ON z.duty_id = d.id
WHERE k.id = $1"""

# Who changes the page just now is not waited for, because they may wait for the turn themselves.
HOLD_PAGE = "SELECT 1 FROM portal_page WHERE id = :id AND version = :version FOR SHARE SKIP LOCKED"

_VIEWS = f"""
SELECT m.id, m.state, m.method, m.score, m.reason, m.unit_code, m.found_at, m.decided_at,
       m.decided_by, m.first_by, m.unreadable_since, m.version, m.page_id, p.url, p.title,
       p.listed_on, p.claimed_at, p.claimed_from, p.first_seen_at, p.trust, p.flags, p.index_no,
       p.evidence_id, m.duty_id, d.project_code, d.subject,
       coalesce(r.name, d.subject) AS project_name, d.item_code, d.formed_on, d.doc_no,
       {_IS_REFUSED} AS is_refused
FROM page_match m
JOIN portal_page p ON p.id = m.page_id
JOIN duty d ON d.id = m.duty_id
LEFT JOIN project r ON r.code = d.project_code
"""

LIST = text(
    _VIEWS + "WHERE (m.state = :state OR :state = 'review' AND (m.unreadable_since IS NOT NULL"
    "  OR m.state = 'accepted' AND m.reason = 'claim_changed'))"
    " AND (CAST(:units AS text[]) IS NULL OR m.unit_code = ANY(CAST(:units AS text[])))"
    " AND (CAST(:after AS uuid) IS NULL OR m.id > :after) ORDER BY m.id LIMIT :limit"
).columns(
    state=enum_type(MatchState), method=enum_type(MatchMethod), reason=enum_type(ReviewReason)
)
