"""All SQL on trigger events, duties and what was observed of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Reason, Standing, Verdict, VerdictEvent
from services.projects.calendar.models import RuleKind
from services.projects.duties.models import (
    Duty,
    DutyRuling,
    FullWalk,
    Hold,
    Publication,
    PublicationFact,
    TriggerEvent,
)
from services.projects.tables import Table


class Today(NamedTuple):
    """A day as numbers: in working days, in plain days, and how far the calendar reaches."""

    now_ord: int
    now_day: int
    last_ord: int


@dataclass(frozen=True, kw_only=True)
class DutyRow:
    """A duty as it stands, as `_VIEW` gives it."""

    id: UUID
    project_code: str
    unit_code: str
    item_code: str
    formed_on: date | None
    doc_no: str | None
    rule_kind: RuleKind
    rule_n: int | None
    rule_version: int
    short_n: int | None
    start_ord: int | None
    due_ord: int | None
    basis: str
    hold: Hold
    extended_by: int
    version: int
    region: str
    item_id: UUID
    trigger_id: UUID
    verdict: Verdict
    reason: Reason
    calendar_version: int
    over_by: int | None
    due_on: date | None
    claimed_at: datetime | None
    first_seen_at: datetime | None
    url: str | None
    trust: int
    last_absent_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class LifeRow(DutyRow):
    """A duty in the life of a project, with the names that people read."""

    category_l1: str
    item_name: str
    unit_name: str
    unit_name_en: str


class UnseenDuty(NamedTuple):
    """A duty of which no page was seen."""

    duty_id: UUID
    unit_code: str
    project_code: str
    project_name: str
    item_code: str
    formed_on: date | None
    doc_no: str | None


_VIEW = """
  SELECT d.id, d.project_code, d.unit_code, d.item_code, d.formed_on, d.doc_no, d.rule_kind,
         d.rule_n, d.rule_version, d.short_n, d.start_ord, d.due_ord, d.basis, d.hold,
         d.extended_by, d.version, d.region, d.item_id, d.trigger_id,
         s.verdict, s.reason, e.calendar_version,
         CASE WHEN s.verdict = 'overdue'
              THEN CASE WHEN s.calendar_days THEN CAST(:now_day AS int)
                        ELSE CAST(:now_ord AS int) END - s.due_ord
              ELSE s.over_by END AS over_by,
         CASE WHEN d.basis = 'calendar' THEN DATE '2000-01-01' + d.due_ord
              ELSE c.date END AS due_on,
         p.claimed_at, p.first_seen_at, p.url, coalesce(p.trust, 0) AS trust,
         CASE WHEN p.duty_id IS NULL THEN w.walked_at ELSE p.last_absent_at END AS last_absent_at
  FROM duty d
  JOIN standing s ON s.duty_id = d.id
  LEFT JOIN publication p ON p.duty_id = d.id
  LEFT JOIN work_calendar c
    ON c.region = d.region AND c.ord_start = d.due_ord AND c.is_workday AND d.basis = 'working'
  LEFT JOIN LATERAL (SELECT calendar_version FROM verdict_event
                     WHERE duty_id = d.id ORDER BY id DESC LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT max(walked_at) AS walked_at FROM full_walk
                     WHERE unit_code = d.unit_code) w ON true"""

# What `_VIEW` finds odd: an overdue duty has no stored `over_by`, for it grows with every day; the
# day of the due ordinal is looked up, so that an amended calendar needs no rewriting; a duty that
# was never seen shows the last walk of its unit as the time of its absence. Reads, locks nothing.
# The two laterals cost an index look-up each for a row that is shown, and lists are short.

_NOW = text("""
  SELECT coalesce((SELECT ord_end FROM work_calendar WHERE region = 'CN' AND date = :as_of),
                  max(ord_start) + 1) AS now_ord,
         CAST(:as_of AS date) - DATE '2000-01-01' AS now_day, max(ord_start) AS last_ord
  FROM work_calendar WHERE region = 'CN'""")

_LIST = text(f"""{_VIEW}
  WHERE (CAST(:units AS text[]) IS NULL OR d.unit_code = ANY(:units))
    AND (CAST(:verdict AS text) IS NULL OR s.verdict = :verdict)
    AND (CAST(:project AS text) IS NULL OR d.project_code = :project)
    AND (CAST(:item AS text) IS NULL OR d.item_code = :item)
    AND (CAST(:after AS uuid) IS NULL OR d.id > :after)
  ORDER BY d.id LIMIT :limit""")

_SOME = text(f"{_VIEW} WHERE d.id = ANY(CAST(:ids AS uuid[])) ORDER BY d.id")

_LIFE = text(f"""
  SELECT v.*, i.category_l1, i.item_l2 AS item_name, u.name AS unit_name, u.name_en AS unit_name_en
  FROM ({_VIEW} WHERE d.project_code = :project) v
  JOIN catalogue_item i ON i.id = v.item_id
  JOIN responsible_unit u ON u.code = v.unit_code
  ORDER BY v.formed_on NULLS LAST, v.id LIMIT 1000""")

_UNSEEN = text("""
  SELECT d.id AS duty_id, d.unit_code, d.project_code, p.name AS project_name, d.item_code,
         d.formed_on, d.doc_no
  FROM duty d
  JOIN standing s ON s.duty_id = d.id AND NOT s.is_seen AND s.hold <> 'not_applicable'
  JOIN project p ON p.code = d.project_code
  WHERE d.unit_code = :unit ORDER BY d.id""")

# The three statements of `recount` run under the turn of those who judge, so nobody moves a
# standing meanwhile. Each writes (and locks) only rows whose numbers are off: a notice of days
# ahead moves none, and the price of a correction is that of its own days.
#
# The ordinals of duties. Calendar days may end in the year although they begin before it, hence
# the days of the rule are taken off the first one.
_RECOUNT_DUTIES = text("""
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
          AND d.formed_on >= CAST(:first AS date)
            - CASE WHEN d.rule_kind = 'calendar_days' THEN d.rule_n ELSE 0 END) n
  WHERE d.id = n.id AND (d.start_ord, d.due_ord) IS DISTINCT FROM (n.start_ord, n.due_ord)""")

# Their copy in `standing`; 400 days back reach every duty that the statement before could move.
_RECOUNT_DUE = text("""
  UPDATE standing s SET due_ord = d.due_ord FROM duty d
  WHERE d.id = s.duty_id AND d.formed_on >= CAST(:first AS date) - 400
    AND s.due_ord IS DISTINCT FROM d.due_ord""")

# What was seen, as ordinals. A day of absence after the last known notice counts as the working
# day after it, the least that it can be; the others stay unknown (`rules.evidence_ordinals`).
_RECOUNT_EVIDENCE = text("""
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


_ADD_FACTS = text(f"""
  INSERT INTO publication_fact ({", ".join(_columns(PublicationFact, "id"))})
  SELECT {", ".join(_columns(PublicationFact, "id"))}
  FROM jsonb_populate_recordset(CAST(NULL AS publication_fact), CAST(:rows AS jsonb))""")

_PUT_PUBLICATIONS = text(f"""
  INSERT INTO publication ({", ".join(_columns(Publication))})
  SELECT {", ".join(_columns(Publication))}
  FROM jsonb_populate_recordset(CAST(NULL AS publication), CAST(:rows AS jsonb))
  ON CONFLICT (duty_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _columns(Publication, "duty_id"))}""")


async def day_numbers(session: AsyncSession, as_of: date) -> Today:
    """A day as the numbers that verdicts are counted in."""
    return Today(**(await session.execute(_NOW, {"as_of": as_of})).mappings().one())


async def insert_trigger(session: AsyncSession, trigger: TriggerEvent) -> bool:
    """False if the same event is already recorded."""
    statement = insert(TriggerEvent).values(**trigger.model_dump()).on_conflict_do_nothing()
    found = await session.execute(statement.returning(col(TriggerEvent.id)))
    return found.scalar_one_or_none() is not None


async def duties_of_same_event(session: AsyncSession, trigger: TriggerEvent) -> Sequence[UUID]:
    """The duties that the already recorded event made."""
    same = ("project_code", "item_code", "unit_code", "kind", "occurred_on", "doc_no")
    query = select(Duty.id).join(TriggerEvent, col(TriggerEvent.id) == Duty.trigger_id)
    for name in same:
        query = query.where(
            getattr(TriggerEvent, name).is_not_distinct_from(getattr(trigger, name))
        )
    return (await session.exec(query)).all()


async def list_duties(session: AsyncSession, today: Today, **filters: Any) -> list[DutyRow]:
    """Duties with their standing, by id; filters: units, verdict, project, item, after, limit."""
    found = await session.execute(_LIST, _used(today) | filters)
    return [DutyRow(**row) for row in found.mappings()]


async def views(session: AsyncSession, today: Today, ids: Sequence[UUID]) -> list[DutyRow]:
    """These duties with their standing."""
    found = await session.execute(_SOME, _used(today) | {"ids": list(ids)})
    return [DutyRow(**row) for row in found.mappings()]


def _used(today: Today) -> dict[str, Any]:
    return {"now_ord": today.now_ord, "now_day": today.now_day}


async def life(session: AsyncSession, today: Today, project: str) -> list[LifeRow]:
    """A project's duties in the order of its life, with the names that people read."""
    found = await session.execute(_LIFE, _used(today) | {"project": project})
    return [LifeRow(**row) for row in found.mappings()]


async def unseen(session: AsyncSession, unit: str) -> list[UnseenDuty]:
    """The unit's duties of which no page was seen."""
    found = await session.execute(_UNSEEN, {"unit": unit})
    return [UnseenDuty(**row) for row in found.mappings()]


def _any(ids: Sequence[UUID]) -> Any:
    """One parameter, however many ids there are."""
    return any_(literal(list(ids), ARRAY(Uuid())))


async def duties(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Duty]:
    return (await session.exec(select(Duty).where(col(Duty.id) == _any(ids)))).all()


async def facts(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[PublicationFact]:
    """All facts of these duties, oldest first."""
    query = select(PublicationFact).where(col(PublicationFact.duty_id) == _any(ids))
    return (await session.exec(query.order_by(col(PublicationFact.id)))).all()


async def last_walk(session: AsyncSession, unit: str, before: datetime) -> datetime | None:
    """When the unit's places were last read to their end before a moment."""
    query = select(FullWalk.walked_at).where(FullWalk.unit_code == unit)
    query = query.where(col(FullWalk.walked_at) < before)
    return (await session.exec(query.order_by(col(FullWalk.walked_at).desc()).limit(1))).first()


async def put_walk(session: AsyncSession, walk: FullWalk) -> None:
    await session.execute(insert(FullWalk).values(**walk.model_dump()).on_conflict_do_nothing())


async def add_facts(session: AsyncSession, facts: Sequence[Mapping[str, Any]]) -> None:
    """Append these facts, in their order, by one statement."""
    await session.execute(_ADD_FACTS, {"rows": json.dumps(facts, default=str)})


async def put_publications(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the current evidence of these duties over what it was, by one statement."""
    await session.execute(_PUT_PUBLICATIONS, {"rows": json.dumps(rows, default=str)})


async def put_standing(session: AsyncSession, duty_id: UUID, **columns: Any) -> None:
    """Write derived columns of a standing; the verdict is the audit's to write."""
    standing = Standing.__table__  # type: ignore[attr-defined]
    await session.execute(standing.update().where(standing.c.duty_id == duty_id).values(**columns))


async def rulings(session: AsyncSession, duty_id: UUID) -> Sequence[DutyRuling]:
    query = select(DutyRuling).where(DutyRuling.duty_id == duty_id)
    return (await session.exec(query.order_by(col(DutyRuling.ruled_at)))).all()


async def history(session: AsyncSession, duty_id: UUID) -> Sequence[VerdictEvent]:
    query = select(VerdictEvent).where(VerdictEvent.duty_id == duty_id)
    return (await session.exec(query.order_by(col(VerdictEvent.id)))).all()


async def recount(session: AsyncSession, region: str, first: date, first_at: datetime) -> int:
    """Set right the ordinals of days from `first` on; returns how many duties had to be rewritten.

    A notice of days ahead rewrites none: only those dated on or after `first` can be off.
    """
    where = {"region": region, "first": first}
    rewritten: Any = await session.execute(_RECOUNT_DUTIES, where)
    await session.execute(_RECOUNT_DUE, {"first": first})
    await session.execute(_RECOUNT_EVIDENCE, {"region": region, "first_at": first_at})
    return int(rewritten.rowcount)
