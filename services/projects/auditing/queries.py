"""What the audit asks: the turn, the numbers of the day, what reports count."""

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
from services.projects.auditing.statement import FIND_MOVES, judge_statement, see_statement

LOCK_NOT_AVAILABLE = "55P03"

MANY = 20_000
"""Up to so many duties are moved by their keys; beyond, the statement scans for itself."""

A_TIME = 2_000
"""Few enough for PostgreSQL to look their names up one by one."""

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


_WALKS = text("""
  SELECT coalesce(array_agg(f.unit_code), '{}') AS walked_units,
         coalesce(array_agg(f.day - DATE '2000-01-01'), '{}') AS walked_days,
         coalesce(array_agg(coalesce(c.ord_end, CAST(:last_ord AS int) + 1)), '{}') AS walked_ords
  FROM (SELECT unit_code, (max(walked_at) AT TIME ZONE 'Asia/Shanghai')::date AS day
        FROM full_walk GROUP BY unit_code) f
  LEFT JOIN work_calendar c ON c.region = :region AND c.date = f.day""")

_NAMES = text("""
  SELECT d.id AS duty_id, u.name AS unit_name, d.project_code, pr.name AS project_name,
         d.item_code, i.item_l2 AS item_name,
         CASE WHEN s.calendar_days THEN DATE '2000-01-01' + s.due_ord ELSE c.date END AS due_on
  FROM duty d
  JOIN standing s ON s.duty_id = d.id
  JOIN responsible_unit u ON u.code = d.unit_code
  JOIN project pr ON pr.code = d.project_code
  JOIN catalogue_item i ON i.id = d.item_id
  LEFT JOIN work_calendar c ON c.region = :region AND c.ord_start = s.due_ord AND c.is_workday
  WHERE d.id = ANY(CAST(:ids AS uuid[])) ORDER BY d.id""")


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


async def walks(session: AsyncSession, region: str, last_ord: int) -> dict[str, list[Any]]:
    """When each unit's places were last read to their end: walked_units, _days and _ords."""
    found = await session.execute(_WALKS, {"region": region, "last_ord": last_ord})
    return dict(found.mappings().one())


async def judge(session: AsyncSession, scope: str, **values: Any) -> list[dict[str, Any]]:
    """Run the audit statement; the duties whose verdict moved, with what their events say.

    `scope` is one of SCOPES, or "seen" with the new `evidence`. `values` are the numbers of the
    day (`today`) and of the walks (`walks`), and who judges when.
    """
    if scope == "all":
        found = (await session.execute(text(FIND_MOVES), values)).scalar_one()
        if not found:
            return []
        if len(found) <= MANY:
            scope, values = "duties", {**values, "chosen": found}
    said = see_statement() if scope == "seen" else judge_statement(scope)
    moved = (await session.execute(text(said), values)).mappings().all()
    return await _named(session, values["region"], moved)


async def _named(
    session: AsyncSession, region: str, moved: Sequence[RowMapping]
) -> list[dict[str, Any]]:
    """The moves with the names that people read, looked up by key and not by a scan of all."""
    named: list[dict[str, Any]] = []
    for start in range(0, len(moved), A_TIME):
        some = moved[start : start + A_TIME]
        ids = [row["duty_id"] for row in some]
        names = (await session.execute(_NAMES, {"ids": ids, "region": region})).mappings().all()
        named += [{**row, **name} for row, name in zip(some, names, strict=True)]
    return named


_TALLIES = text("SELECT unit_code, verdict, n, over_by FROM unit_tally WHERE n > 0")

_PROVE = text("""
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
         (SELECT coalesce(max(version), 0) FROM catalogue_version) AS catalogue_version""")

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
    return (await session.execute(_TALLIES)).mappings().all()


async def prove_tallies(session: AsyncSession) -> Sequence[RowMapping]:
    """Count all standings and set right what the roll-up says otherwise; gives what was wrong."""
    return (await session.execute(_PROVE)).mappings().all()


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
