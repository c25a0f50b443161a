"""The SQL of reports on second visits, and of what they are made of."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.guides.models import OnlineDepth
from services.appointments.queueing.workflow import NOT_UNDONE
from services.appointments.second_visits.models import ReportState, SecondVisitReport
from services.appointments.second_visits.rules import CountedItem, GuideMaterial

_MISSING = text(f"""
SELECT e.item_code, m.text, count(*)
FROM hall h JOIN ticket_event e ON e.hall_code = h.code JOIN ticket k ON k.id = e.ticket_id
LEFT JOIN LATERAL jsonb_array_elements_text(k.missing) AS m (text) ON true
WHERE h.code = :hall AND e.action = 'finish' AND e.outcome = 'needs_more'
  AND e.at >= CAST(:first AS date)::timestamp AT TIME ZONE h.timezone
  AND e.at < (CAST(:last AS date) + 1)::timestamp AT TIME ZONE h.timezone
  AND {NOT_UNDONE.format(e="e")}
GROUP BY e.item_code, m.text ORDER BY e.item_code, count(*) DESC, m.text""")
_ITEMS = text("""
SELECT i.code, i.name, i.department_code, a.name, i.visits_needed, i.visits_reason,
    i.online_depth, i.by_post, i.guide_version, g.content->'materials',
    (SELECT count(*) FROM deferral d WHERE d.hall_code = :hall AND d.item_code = i.code
       AND d.accepted_on BETWEEN :first AND :last AND d.state <> 'cancelled')
FROM item i LEFT JOIN agency a ON a.code = i.department_code
LEFT JOIN guide g ON g.item_code = i.code AND g.version = i.guide_version
WHERE i.code IN (SELECT o.item_code FROM hall_item o WHERE o.hall_code = :hall)
   OR i.code = ANY(CAST(:also AS text[]))
ORDER BY i.code""")
_THROUGH = text("SELECT coalesce(max(hall_seq), 0) FROM ticket_event WHERE hall_code = :hall")


class Shown(NamedTuple):
    """A report, and what its hall is called now."""

    report: SecondVisitReport
    hall_name: str


class Places(NamedTuple):
    """The next number of the hall's year, and the next edition on the period."""

    serial: int
    edition: int


async def through(session: AsyncSession, hall: str) -> int:
    """The last entry of the hall's log."""
    return int((await session.execute(_THROUGH, {"hall": hall})).scalar_one())


async def items(
    session: AsyncSession, hall: str, first: date, last: date, also: Sequence[str]
) -> list[CountedItem]:
    """What the hall offers, and what `also` was finished there, each with why people had to come
    again on these days."""
    asked: dict[str, Any] = {"hall": hall, "first": first, "last": last}
    missing: dict[str, dict[str | None, int]] = defaultdict(dict)
    for item, words, count in await session.execute(_MISSING, asked):
        missing[item][words] = count
    rows = await session.execute(_ITEMS, asked | {"also": list(also)})
    return [_item(row, missing.get(row[0], {})) for row in rows]


def _item(row: Sequence[Any], missing: Mapping[str | None, int]) -> CountedItem:
    code, name, department, department_name, visits, reason, *rest = row
    depth, by_post, version, materials, deferred = rest
    found = json.loads(materials) if isinstance(materials, str) else materials or []
    return CountedItem(
        code=code,
        name=name,
        department_code=department,
        department_name=department_name,
        visits_needed=visits,
        visits_reason=reason,
        online_depth=OnlineDepth(depth),
        by_post=by_post,
        guide_version=version,
        materials=[
            GuideMaterial(one["name"], one.get("source", ""), one.get("may_follow", False))
            for one in found
        ],
        missing=missing,
        deferred=deferred,
    )


async def places(session: AsyncSession, hall: str, year: int, first: date, last: date) -> Places:
    """What the next report of the hall is numbered by."""
    report = SecondVisitReport
    serials = select(func.max(report.serial)).where(report.hall_code == hall, report.year == year)
    editions = select(func.max(report.edition)).where(
        report.hall_code == hall, report.from_on == first, report.to_on == last
    )
    row = select(serials.scalar_subquery(), editions.scalar_subquery())
    serial, edition = (await session.exec(row)).one()
    return Places((serial or 0) + 1, (edition or 0) + 1)


async def find(session: AsyncSession, report_id: UUID) -> Shown | None:
    rows = select(SecondVisitReport, Hall.name).join(
        Hall, col(Hall.code) == col(SecondVisitReport.hall_code)
    )
    found = (await session.exec(rows.where(col(SecondVisitReport.id) == report_id))).first()
    return Shown(*found) if found else None


async def listed(
    session: AsyncSession,
    *,
    halls: Sequence[str] | None,
    hall: str | None,
    state: ReportState | None,
    before: UUID | None,
    limit: int,
) -> list[Shown]:
    """Of these halls (None: of all), the newest first."""
    rows = select(SecondVisitReport, Hall.name).join(
        Hall, col(Hall.code) == col(SecondVisitReport.hall_code)
    )
    if halls is not None:
        rows = rows.where(col(SecondVisitReport.hall_code).in_(halls))
    if hall is not None:
        rows = rows.where(col(SecondVisitReport.hall_code) == hall)
    if state is not None:
        rows = rows.where(col(SecondVisitReport.state) == state)
    if before is not None:
        rows = rows.where(col(SecondVisitReport.id) < before)
    found = await session.exec(rows.order_by(col(SecondVisitReport.id).desc()).limit(limit))
    return [Shown(*row) for row in found]
