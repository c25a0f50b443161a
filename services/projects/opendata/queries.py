"""What everybody may know of projects and of what is published about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.duties.models import ClaimKind
from services.projects.open_to_all import IS_CLOSED, IS_SHOWN, URL
from services.projects.opendata.facts import PublicationFilter, PublicDuty, PublicProject
from services.projects.register.models import ApprovalKind, Phase
from services.projects.successors import with_predecessors

_PROJECTS = text("""
  SELECT p.code, p.name, p.approval_kind, p.phase, p.scope_basis, p.investment_10k_yuan,
         p.lead_unit_code, u.name AS lead_unit_name, p.updated_at
  FROM project p LEFT JOIN responsible_unit u ON u.code = p.lead_unit_code
  WHERE (CAST(:after AS text) IS NULL OR p.code > :after)
    AND (CAST(:unit AS text) IS NULL OR p.lead_unit_code = :unit)
    AND (CAST(:year AS int) IS NULL OR EXISTS (
      SELECT FROM project_list_member m JOIN project_list l ON l.id = m.list_id
      WHERE m.project_code = p.code AND l.year = :year))
  ORDER BY p.code LIMIT :limit""")

_DUTY = f"""
  SELECT d.id, d.project_code, r.name AS project_name, d.unit_code, u.name AS unit_name,
         d.item_code, i.item_l2 AS item_name, i.category_l1 AS category, d.formed_on, d.created_at,
         CASE WHEN d.basis = 'calendar' THEN DATE '2000-01-01' + d.due_ord
              ELSE c.date END AS due_on,
         s.verdict, greatest(
           (SELECT max(e.judged_at) FROM verdict_event e WHERE e.duty_id = d.id),
           (SELECT max(f.recorded_at) FROM publication_fact f WHERE f.duty_id = d.id)
         ) AS changed_at,
         EXISTS (SELECT FROM dispute x WHERE x.duty_id = d.id AND x.state = 'open') AS in_dispute,
         {URL} AS url, coalesce(NOT {IS_CLOSED}, true) AS is_open, p.claim_kind, p.claimed_at,
         coalesce(p.contradicted, false) AS contradicted, coalesce(p.trust, 0) AS trust,
         p.first_seen_at, p.last_absent_at, p.gone_at
  FROM duty d
  LEFT JOIN project r ON r.code = d.project_code
  JOIN standing s ON s.duty_id = d.id
  JOIN responsible_unit u ON u.code = d.unit_code
  JOIN catalogue_item i ON i.id = d.item_id
  LEFT JOIN work_calendar c
    ON c.region = d.region AND c.ord_start = d.due_ord AND c.is_workday AND d.basis = 'working'"""

_OF_PROJECTS = text(f"""{_DUTY}
  LEFT JOIN publication p ON p.duty_id = d.id
  WHERE d.project_code = ANY(CAST(:codes AS text[])) AND {IS_SHOWN}
  ORDER BY d.project_code, d.formed_on NULLS LAST, d.id LIMIT :limit""")


# The newest first, read backwards in the order of their index, or of the few duties that fit.
_NEWEST = f"""{_DUTY}
  JOIN publication p ON p.duty_id = d.id
  WHERE {IS_SHOWN} AND NOT {IS_CLOSED} AND {{conditions}}
  ORDER BY p.first_seen_at DESC, p.duty_id DESC LIMIT :limit"""
_ABOUT = f"""{_DUTY}
  LEFT JOIN publication p ON p.duty_id = d.id
  WHERE s.hold <> 'not_applicable' AND {{conditions}} ORDER BY d.id LIMIT :limit"""
_CONDITIONS = {
    "unit": "d.unit_code = :unit",
    "project": "d.project_code = :project",
    "item": "d.item_code = :item",
    "since": "p.first_seen_at >= :since",
    "after_at": "(p.first_seen_at, p.duty_id) < (:after_at, :after_id)",
}
"""Of those that are asked for: a plan for any of them would have to look through everything."""


async def projects(
    session: AsyncSession, *, after: str | None, unit: str | None, year: int | None, limit: int
) -> list[PublicProject]:
    """Projects by code: those that a unit leads, those on a year's list."""
    wanted = {"after": after, "unit": unit, "year": year, "limit": limit}
    return [_project(row) for row in await _rows(session, _PROJECTS, wanted)]


async def duties_of(session: AsyncSession, codes: Sequence[str], limit: int) -> list[PublicDuty]:
    """What must be published about these projects, the first of it, project by project and in the
    order of their lives."""
    wanted = {"codes": [*codes], "limit": limit}
    return [_duty(row) for row in await _rows(session, _OF_PROJECTS, wanted)]


async def newest(
    session: AsyncSession,
    wanted: PublicationFilter,
    *,
    since: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[PublicDuty]:
    """What was published, that which was seen last in front."""
    after_at, after_id = after or (None, None)
    bounds = {"since": since, "after_at": after_at, "after_id": after_id, "limit": limit}
    given = _given(wanted._asdict() | bounds)
    return [_duty(row) for row in await _rows(session, _narrowed(_NEWEST, given), given)]


async def duties_about(
    session: AsyncSession, wanted: PublicationFilter, limit: int
) -> list[PublicDuty]:
    """Some duties of a unit, or of one that became part of it, about a project and of an item, as
    far as these are named; also those that are not told of."""
    given = _given(wanted._asdict() | {"limit": limit})
    narrowed = _narrowed(_ABOUT, given, unit=f"d.unit_code = ANY({with_predecessors(':unit')})")
    return [_duty(row) for row in await _rows(session, narrowed, given)]


def _given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}


def _narrowed(statement: str, given: Mapping[str, Any], **instead: str) -> TextClause:
    """The statement with the conditions that are asked for."""
    conditions = [each for name, each in (_CONDITIONS | instead).items() if name in given]
    return text(statement.format(conditions=" AND ".join(conditions) or "true"))


async def _rows(session: AsyncSession, statement: Any, wanted: dict[str, Any]) -> Any:
    return (await session.execute(statement, wanted)).mappings()


def _project(row: Mapping[str, Any]) -> PublicProject:
    words = {"approval_kind": ApprovalKind(row["approval_kind"]), "phase": Phase(row["phase"])}
    return PublicProject(**{**row, **words})


def _duty(row: Mapping[str, Any]) -> PublicDuty:
    claim = row["claim_kind"]
    words = {"verdict": Verdict(row["verdict"]), "claim_kind": claim and ClaimKind(claim)}
    return PublicDuty(**{**row, **words})
