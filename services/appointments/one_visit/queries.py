"""The SQL of what halls offer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas.rules import HallSpan
from services.appointments.guides.models import CaseKind, LimitUnit, OnlineDepth
from services.appointments.one_visit.rules import OfferedItem

_OFFERED = text("""
SELECT i.code, i.name, i.department_code, a.name, i.visits_needed, i.visits_reason,
    i.online_depth, i.case_kind, i.legal_limit, i.legal_limit_unit,
    i.promised_limit, i.promised_limit_unit, i.valid_from, i.valid_to, o.halls
FROM (SELECT h.item_code, array_agg(DISTINCT h.hall_code) AS halls FROM hall_item h
      WHERE h.hall_code = ANY(CAST(:halls AS text[])) OR '*' = ANY(CAST(:halls AS text[]))
      GROUP BY h.item_code) o
JOIN item i ON i.code = o.item_code LEFT JOIN agency a ON a.code = i.department_code
WHERE CAST(:department AS text) IS NULL OR i.department_code = :department
ORDER BY i.code""")


async def offered(
    session: AsyncSession, spans: Sequence[HallSpan], department: str | None = None
) -> list[OfferedItem]:
    """What these halls offer, by code, each item once."""
    halls = sorted({span.hall_code for span in spans})
    rows = await session.execute(_OFFERED, {"halls": halls, "department": department})
    return [_item(row) for row in rows]


def _item(row: Sequence[Any]) -> OfferedItem:
    code, name, department, department_name, visits, reason, depth, kind, *rest = row
    legal, legal_unit, promised, promised_unit, valid_from, valid_to, halls = rest
    return OfferedItem(
        code=code,
        name=name,
        department_code=department,
        department_name=department_name,
        visits_needed=visits,
        visits_reason=reason,
        online_depth=OnlineDepth(depth),
        case_kind=CaseKind(kind),
        legal_limit=legal,
        legal_limit_unit=LimitUnit(legal_unit) if legal_unit else None,
        promised_limit=promised,
        promised_limit_unit=LimitUnit(promised_unit) if promised_unit else None,
        valid_from=valid_from,
        valid_to=valid_to,
        halls=frozenset(halls),
    )
