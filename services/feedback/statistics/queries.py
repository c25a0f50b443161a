"""The one statement behind the figures."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.letters.limits import REPLY_LIMITS

_KEYS = {
    "all": "NULL::text",
    "department": "l.department_code",
    "kind": "l.kind",
    "channel": "l.channel",
}
# Accusations count in with what cannot be told from them: shown by themselves, or missing from the
# groups but not from the total, they could be counted (信访工作条例 art. 30). So by the department
# that handles them: of no department are ordinary letters only until they are dispatched, and what
# is answered among those would be the accusations.
_FOLDED = """
    l.department_code AS department,
    CASE WHEN l.kind = 'accusation' THEN 'complaint' ELSE l.kind END AS kind,
    l.channel AS channel"""

# The first answer of a letter counts: its limit is the first reply clock that was not cancelled.
_FIGURES = """
WITH facts AS (
    SELECT {keys},
        l.kind <> 'accusation' AS ordinary,
        l.replied_at IS NOT NULL AS replied,
        l.state = 'closed' AS closed,
        EXISTS (SELECT FROM letter_transition t
                WHERE t.letter_id = l.id AND t.action = 'register') AS registered,
        (SELECT count(*) FROM letter_activity a WHERE a.letter_id = l.id) AS activities,
        clock.met_at, clock.due_at, clock.due_on, clock.original_due_on,
        first_answer.approved_at, l.received_at,
        published.letter_id IS NOT NULL AS published,
        NOT l.wants_public OR declined.letter_id IS NOT NULL AS unpublishable,
        rating.grade
    FROM letter l
    -- A reopened letter has a reply clock an answer: the first counts. A provisional one is no
    -- judgement yet: its holiday notice is not out.
    LEFT JOIN LATERAL (
        SELECT met_at, due_at, due_on, original_due_on FROM deadline d
        WHERE d.subject_kind = 'letter' AND d.subject_id = l.id AND d.state <> 'cancelled'
          AND d.kind = ANY(:reply_limits) AND NOT d.provisional
        ORDER BY d.started_at LIMIT 1) clock ON true
    -- Not `replied_at`, which the answer after a reopening overwrites.
    LEFT JOIN LATERAL (
        SELECT min(a.approved_at) AS approved_at FROM reply_approval a
        JOIN letter_reply r ON r.id = a.reply_id WHERE r.letter_id = l.id) first_answer ON true
    -- Of several answers the citizen's latest word counts.
    LEFT JOIN LATERAL (
        SELECT grade FROM letter_rating r WHERE r.letter_id = l.id
        ORDER BY r.answer_no DESC LIMIT 1) rating ON true
    LEFT JOIN published_letter published
        ON published.letter_id = l.id AND published.taken_down_at IS NULL
    LEFT JOIN LATERAL (
        SELECT r.letter_id FROM redaction r
        WHERE r.letter_id = l.id AND r.state = 'declined' LIMIT 1) declined ON true
    -- The same secrecy as a work list: nobody counts what they may not see.
    WHERE l.received_at >= :since AND l.received_at < :until
      AND (:every_department OR l.department_code = ANY(:own))
      AND (:accusations OR l.kind <> 'accusation') AND NOT l.accused && CAST(:own AS varchar[])
)
SELECT {grouped}, count(*) AS received,
    count(*) FILTER (WHERE ordinary) AS ordinary,
    count(*) FILTER (WHERE replied) AS replied,
    count(*) FILTER (WHERE closed) AS closed,
    count(*) FILTER (WHERE registered) AS registered,
    sum(activities)::bigint AS activities,
    count(*) FILTER (WHERE met_at IS NOT NULL OR due_at <= :now) AS judged,
    count(*) FILTER (WHERE met_at < due_at) AS in_time,
    count(*) FILTER (WHERE met_at IS NOT NULL
        OR ((original_due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai') <= :now)
        AS judged_by_first_limit,
    count(*) FILTER (WHERE met_at < (original_due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')
        AS in_time_by_first_limit,
    count(*) FILTER (WHERE replied AND published) AS published,
    count(*) FILTER (WHERE replied AND (published OR NOT unpublishable)) AS publishable,
    count(grade) AS rated,
    count(*) FILTER (WHERE grade IN ('very_satisfied', 'satisfied', 'basically_satisfied'))
        AS satisfied,
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
        ORDER BY extract(epoch FROM approved_at - received_at) / 86400) AS days
FROM facts GROUP BY {by}"""
# By one statement, that is of one moment: what is rated between two would be their difference.
_PUBLIC = text(
    _FIGURES.format(
        keys=_FOLDED,
        grouped="""CASE grouping(department, kind, channel) WHEN 3 THEN 'department'
        WHEN 5 THEN 'kind' WHEN 6 THEN 'channel' ELSE 'all' END AS grouping,
        coalesce(department, kind, channel) AS key""",
        by="GROUPING SETS ((), (department), (kind), (channel)) HAVING count(*) > 0"
        " ORDER BY grouping, key",
    )
)


class LetterCounts(NamedTuple):
    """Counts of one group, in the order of the statement's columns."""

    key: str | None
    received: int
    ordinary: int
    replied: int
    closed: int
    registered: int
    activities: int
    judged: int
    in_time: int
    judged_by_first_limit: int
    in_time_by_first_limit: int
    published: int
    publishable: int
    rated: int
    satisfied: int
    days: list[float] | None


async def figures(
    session: AsyncSession,
    *,
    group_by: str,
    since: datetime,
    until: datetime,
    now: datetime,
    every_department: bool,
    own: Sequence[str],
    accusations: bool,
) -> Sequence[LetterCounts]:
    """A row a group, of the letters received in `since` up to `until` that may be counted."""
    keys = f"{_KEYS[group_by]} AS key"
    statement = text(_FIGURES.format(keys=keys, grouped="key", by="key ORDER BY key"))
    bounds = _bounds(since, until, now)
    scope = {"every_department": every_department, "own": list(own), "accusations": accusations}
    return [LetterCounts(*row) for row in await session.execute(statement, bounds | scope)]


async def public_figures(
    session: AsyncSession, *, since: datetime, until: datetime, now: datetime
) -> dict[str, list[LetterCounts]]:
    """All letters of a period in every grouping, accusations among complaints and of the department
    that handles them. A grouping without letters is missing.
    """
    scope = {"every_department": True, "own": [], "accusations": True}
    found: dict[str, list[LetterCounts]] = defaultdict(list)
    for grouping, *counts in await session.execute(_PUBLIC, _bounds(since, until, now) | scope):
        found[grouping].append(LetterCounts(*counts))
    return found


def _bounds(since: datetime, until: datetime, now: datetime) -> dict[str, Any]:
    limits = [kind.value for kind in REPLY_LIMITS.values()]
    return {"since": since, "until": until, "now": now, "reply_limits": limits}
