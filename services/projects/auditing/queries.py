"""The audit as one statement over the narrow `standing` rows, and what reports count.

The statement scans once: the duty's clock, the evidence and the verdict lie in the same row, the
calendar comes in as a handful of numbers, and only rows whose verdict moves are written.
"""

import datetime as dt
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text, tuple_
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Report
from services.projects.auditing.rules.judging import (
    DUE_SOON_DAYS,
    ENDLESS,
    RULE_VERSION,
    VERDICT_OF,
)

LOCK_NOT_AVAILABLE = "55P03"

_NOW = "(CASE WHEN s.calendar_days THEN CAST(:now_day AS int) ELSE CAST(:now_ord AS int) END)"
_LAST = f"(CASE WHEN s.calendar_days THEN {ENDLESS} ELSE CAST(:last_ord AS int) END)"
_WALKED = "(CASE WHEN s.calendar_days THEN w.walked_day ELSE w.walked_ord END)"


def _in_time(reason: str) -> str:
    return (
        "CASE WHEN s.is_gone THEN 'gone_from_the_web'"
        f" WHEN s.is_incomplete THEN 'elements_missing' ELSE '{reason}' END"
    )


REASON = f"""CASE
  WHEN s.hold <> 'none' THEN CASE s.hold
    WHEN 'not_applicable' THEN 'not_auditable'
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
    WHEN s.claim_ord IS NOT NULL OR s.due_ord <= {_LAST} THEN 'claim_after_due'
    ELSE 'calendar_not_loaded' END
  WHEN s.due_ord > {_LAST} THEN 'calendar_not_loaded'
  WHEN s.due_ord - {_NOW} > {DUE_SOON_DAYS} THEN 'due_date_ahead'
  WHEN s.due_ord >= {_NOW} THEN 'due_within_days'
  WHEN s.in_review THEN 'candidate_in_review'
  WHEN {_WALKED} > s.due_ord THEN 'proven_absent'
  ELSE 'no_capture_since_due' END"""


def over_by(reason: str) -> str:
    """By how many days a duty judged so is over, as SQL; NULL unless it is late."""
    return f"""CASE {reason}
  WHEN 'absent_after_due' THEN greatest(
    s.absent_ord, CASE WHEN NOT s.claim_contradicted THEN s.claim_ord END) - s.due_ord
  WHEN 'claim_after_due' THEN coalesce(s.claim_ord, {_LAST} + 1) - s.due_ord END"""


def verdict_of(reason: str) -> str:
    """The verdict to which a reason belongs, as SQL."""
    words = " ".join(f"WHEN '{each}' THEN '{verdict}'" for each, verdict in VERDICT_OF.items())
    return f"CASE {reason} {words} END"


SCOPES = {
    "all": "true",
    "unseen": "NOT s.is_seen",
    "duties": "s.duty_id = ANY(CAST(:chosen AS uuid[]))",
    "units": "s.unit_code = ANY(CAST(:chosen AS text[]))",
}

_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('projects.judge', 11))")

_SIGN = text("SELECT set_config('application_name', 'audit ' || CAST(:id AS text), true)")

_RUNNING = text("""
  SELECT substring(a.application_name FROM '^audit ([0-9a-f-]{36})$') AS audit,
         to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('projects.judge', 11)""")

_TODAY = text("""
  SELECT coalesce(c.ord_end, last.ord_start + 1) AS now_ord, last.ord_start AS last_ord,
         CAST(:as_of AS date) - DATE '2000-01-01' AS now_day,
         (SELECT max(version) FROM calendar_version WHERE region = :region) AS calendar_version
  FROM (SELECT ord_start FROM work_calendar WHERE region = :region
        ORDER BY date DESC LIMIT 1) last
  LEFT JOIN work_calendar c ON c.region = :region AND c.date = :as_of""")


_MOVED = f"""\
SELECT m.duty_id, m.unit_code, u.name AS unit_name, d.project_code, pr.name AS project_name,
       d.item_code, i.item_l2 AS item_name, m.from_verdict, m.to_verdict, m.reason,
       coalesce(m.over_by, {_NOW.replace("s.", "m.")} - m.due_ord) AS over_by, m.calendar_days,
       CASE WHEN m.calendar_days THEN DATE '2000-01-01' + m.due_ord ELSE c.date END AS due_on
FROM moved m
JOIN duty d ON d.id = m.duty_id
JOIN responsible_unit u ON u.code = m.unit_code
JOIN project pr ON pr.code = d.project_code
JOIN catalogue_item i ON i.id = d.item_id
LEFT JOIN work_calendar c ON c.region = :region AND c.ord_start = m.due_ord AND c.is_workday
WHERE m.from_verdict IS DISTINCT FROM m.to_verdict
ORDER BY m.duty_id"""


def judge_statement(scope: str) -> str:
    """The audit of the duties in `scope` (a key of SCOPES); gives a row for each verdict moved."""
    return f"""
WITH w AS MATERIALIZED (
  SELECT u.code AS unit_code, walk.day - DATE '2000-01-01' AS walked_day,
         CASE WHEN walk.day IS NOT NULL
              THEN coalesce(c.ord_end, CAST(:last_ord AS int) + 1) END AS walked_ord
  FROM responsible_unit u
  LEFT JOIN LATERAL (
    SELECT (max(f.walked_at) AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM full_walk f WHERE f.unit_code = u.code) walk ON true
  LEFT JOIN work_calendar c ON c.region = :region AND c.date = walk.day
), moved AS (
  UPDATE standing s
  SET reason = {REASON}, verdict = {verdict_of(REASON)}, over_by = {over_by(REASON)},
      judged_on = CAST(:as_of AS date), version = s.version + 1
  FROM w
  WHERE s.unit_code = w.unit_code AND {SCOPES[scope]}
    AND (s.reason IS DISTINCT FROM {REASON}
      OR s.is_seen AND s.over_by IS DISTINCT FROM {over_by("s.reason")})
  RETURNING s.duty_id, s.unit_code, s.due_ord, s.calendar_days, new.reason, new.over_by,
            old.verdict AS from_verdict, new.verdict AS to_verdict, old.over_by AS from_over_by
), noted AS (
  INSERT INTO verdict_event (duty_id, unit_code, from_verdict, to_verdict, over_by, reason,
    fact_id, as_of, rule_version, calendar_version, actor, judged_at)
  SELECT m.duty_id, m.unit_code, m.from_verdict, m.to_verdict, m.over_by, m.reason,
         p.fact_id, CAST(:as_of AS date), {RULE_VERSION}, CAST(:calendar_version AS int),
         CAST(:actor AS text), CAST(:now AS timestamptz)
  FROM moved m LEFT JOIN publication p ON p.duty_id = m.duty_id
  WHERE (m.from_verdict, m.from_over_by) IS DISTINCT FROM (m.to_verdict, m.over_by)
)
{_MOVED}"""


async def today(session: AsyncSession, region: str, as_of: dt.date) -> RowMapping:
    """The numbers that stand for the day of the audit: now_ord, now_day, last_ord, version."""
    found = await session.execute(_TODAY, {"region": region, "as_of": as_of})
    return found.mappings().one()


async def take_turn(session: AsyncSession) -> None:
    """Wait until no other transaction judges: verdicts then have one order, that of their ids."""
    await session.execute(_TURN)


async def wait_turn(session: AsyncSession, seconds: float) -> bool:
    """The same with patience: several waits of the lock timeout each; False if others kept it."""
    end = time.monotonic() + seconds
    while True:
        try:
            async with session.begin_nested():
                await session.execute(_TURN)
            return True
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
        if time.monotonic() > end:
            return False


async def sign(session: AsyncSession, audit_id: UUID) -> None:
    """Let other connections see, until this transaction ends, which audit it is."""
    await session.execute(_SIGN, {"id": str(audit_id)})


async def running(session: AsyncSession) -> dict[str, str | None]:
    """Which audit has the turn, and since when; `audit` is None while something else judges."""
    found = (await session.execute(_RUNNING)).mappings().first()
    return dict(found) if found else {}


async def judge(session: AsyncSession, scope: str, **values: Any) -> Sequence[RowMapping]:
    """Run the audit statement; the duties whose verdict moved, with what their events say."""
    return (await session.execute(text(judge_statement(scope)), values)).mappings().all()


_STANDINGS = text("""
  SELECT unit_code, verdict, count(*) AS n, coalesce(sum(over_by), 0) AS over_by
  FROM standing WHERE verdict IS NOT NULL GROUP BY unit_code, verdict""")

_LATEST = """
  SELECT DISTINCT ON (e.duty_id) e.id, e.duty_id, e.unit_code, e.to_verdict AS verdict, e.over_by,
         e.reason
  FROM verdict_event e WHERE e.id <= :last ORDER BY e.duty_id, e.id DESC"""

_HISTORY = text(f"""
  SELECT unit_code, verdict, count(*) AS n, coalesce(sum(over_by), 0) AS over_by
  FROM ({_LATEST}) latest GROUP BY unit_code, verdict""")

_MARKS = text("""
  SELECT (SELECT coalesce(max(id), 0) FROM verdict_event
          WHERE judged_at < coalesce(CAST(:before AS timestamptz), 'infinity')) AS last_event,
         (SELECT coalesce(max(id), 0) FROM publication_fact
          WHERE recorded_at < coalesce(CAST(:before AS timestamptz), 'infinity')) AS last_fact,
         (SELECT coalesce(max(version), 0) FROM catalogue_version) AS catalogue_version,
         (SELECT count(*) FROM standing) AS standings""")

_UNITS = text("""
  SELECT code, name, name_en FROM responsible_unit
  WHERE valid_from <= :as_of AND (valid_to IS NULL OR valid_to >= :as_of) ORDER BY code""")

_SCHEME = text("""
  SELECT version, weights FROM score_scheme WHERE in_force_from <= :as_of
  ORDER BY in_force_from DESC, version DESC LIMIT 1""")

_FACT_HASHES = text("SELECT sha256 FROM publication_fact WHERE id <= :last ORDER BY id")

_ROWS = text(f"""
  SELECT latest.*, d.project_code, pr.name AS project_name, d.item_code, i.item_l2 AS item_name,
         d.formed_on, f.url
  FROM ({_LATEST}) latest
  JOIN duty d ON d.id = latest.duty_id
  JOIN project pr ON pr.code = d.project_code
  JOIN catalogue_item i ON i.id = d.item_id
  LEFT JOIN verdict_event e ON e.id = latest.id
  LEFT JOIN publication_fact f ON f.id = e.fact_id
  WHERE (CAST(:unit AS text) IS NULL OR latest.unit_code = :unit)
    AND (CAST(:verdicts AS text[]) IS NULL OR latest.verdict = ANY(:verdicts))
    AND (CAST(:after AS uuid) IS NULL OR latest.duty_id > :after)
  ORDER BY latest.duty_id LIMIT :limit""")


async def counts(session: AsyncSession) -> Sequence[RowMapping]:
    """By unit and verdict: how many duties stand so now, and the days the late ones are over."""
    return (await session.execute(_STANDINGS)).mappings().all()


async def counts_at(session: AsyncSession, last_event: int) -> Sequence[RowMapping]:
    """The same from the history, as it was after the verdict event `last_event`."""
    return (await session.execute(_HISTORY, {"last": last_event})).mappings().all()


async def marks(session: AsyncSession, before: dt.datetime | None) -> RowMapping:
    """The last verdict event and fact (before a moment), and the catalogue version in force."""
    return (await session.execute(_MARKS, {"before": before})).mappings().one()


async def units(session: AsyncSession, as_of: dt.date) -> Sequence[RowMapping]:
    return (await session.execute(_UNITS, {"as_of": as_of})).mappings().all()


async def scheme(session: AsyncSession, as_of: dt.date) -> RowMapping:
    """The deduction scheme in force."""
    return (await session.execute(_SCHEME, {"as_of": as_of})).mappings().one()


async def fact_hashes(session: AsyncSession, last_fact: int) -> Sequence[str]:
    return (await session.execute(_FACT_HASHES, {"last": last_fact})).scalars().all()


async def reports(
    session: AsyncSession, after: tuple[dt.datetime, UUID] | None, limit: int
) -> Sequence[Report]:
    """Frozen reports, the newest first, after a (frozen_at, id)."""
    query = select(Report).order_by(col(Report.frozen_at).desc(), col(Report.id).desc())
    if after is not None:
        query = query.where(tuple_(col(Report.frozen_at), col(Report.id)) < after)
    return (await session.exec(query.limit(limit))).all()


async def rows_at(
    session: AsyncSession,
    last_event: int,
    *,
    unit: str | None,
    verdicts: list[str] | None,
    after: UUID | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The duties behind a figure of a report, as they stood after `last_event`."""
    values = {"last": last_event, "unit": unit, "verdicts": verdicts, "after": after}
    return (await session.execute(_ROWS, {**values, "limit": limit})).mappings().all()
