"""SQL of exemptions."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.calendar.models import NATIONAL
from services.projects.disputes.rules import TERM_WORKING_DAYS
from services.projects.duties.models import RulingKind
from services.projects.exemptions.models import ExemptionRequest, ExemptionState
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken


class ExemptionRow(NamedTuple):
    """An exemption with its duty, as `_VIEWS` gives it."""

    id: UUID
    duty_id: UUID
    unit_code: str
    project_code: str | None
    subject: str | None
    item_code: str
    kind: RulingKind
    state: ExemptionState
    verdict: Verdict
    document: str
    article: str
    reason: str
    days: int | None
    asked_at: datetime
    asked_by: str
    due_on: date | None
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    withdrawn_at: datetime | None
    version: int


class ExemptionFilters(NamedTuple):
    """Which a list shows; `units` None: of all units. `waiting`: the states in which something
    waits for `caller`, who decides on nothing that they asked for, nor of `own_units`."""

    units: list[str] | None
    state: ExemptionState | None
    kind: RulingKind | None
    duty: UUID | None
    overdue: bool
    today: date
    due_before: date | None
    waiting: list[str] | None
    caller: str
    own_units: list[str]


# The term follows from the calendar, and so is known as soon as the notice that it needs is.
_VIEWS = f"""
SELECT x.id, x.duty_id, x.unit_code, d.project_code, d.subject, d.item_code, x.kind, x.state,
       s.verdict, x.document, x.article, x.reason, x.days, x.asked_at, x.asked_by, t.date AS due_on,
       x.decision, x.decided_at, x.decided_by, x.withdrawn_at, x.version
FROM exemption_request x
JOIN duty d ON d.id = x.duty_id
JOIN standing s ON s.duty_id = x.duty_id
LEFT JOIN work_calendar a ON a.region = '{NATIONAL}'
  AND a.date = (x.asked_at AT TIME ZONE 'Asia/Shanghai')::date
LEFT JOIN work_calendar t ON t.region = '{NATIONAL}' AND t.is_workday
  AND t.ord_start = a.ord_start + {TERM_WORKING_DAYS}
"""
_LIST = text(
    _VIEWS + "WHERE (CAST(:units AS text[]) IS NULL OR x.unit_code = ANY(CAST(:units AS text[])))"
    " AND (CAST(:state AS text) IS NULL OR x.state = :state)"
    " AND (CAST(:kind AS text) IS NULL OR x.kind = :kind)"
    " AND (CAST(:duty AS uuid) IS NULL OR x.duty_id = :duty)"
    " AND (NOT CAST(:overdue AS boolean) OR x.state = 'asked' AND t.date < CAST(:today AS date))"
    " AND (CAST(:due_before AS date) IS NULL OR x.state = 'asked' AND t.date < :due_before)"
    " AND (CAST(:waiting AS text[]) IS NULL OR x.state = ANY(CAST(:waiting AS text[]))"
    "   AND x.asked_by <> :caller"
    "   AND NOT (x.unit_code = ANY(CAST(:own_units AS text[])) OR '*' = ANY(:own_units)))"
    " AND (CAST(:after AS uuid) IS NULL OR x.id > :after) ORDER BY x.id LIMIT :limit"
)
_ONE = text(_VIEWS + "WHERE x.id = :id")


def add(session: DecidingSession, asked: ExemptionRequest) -> None:
    """A new request; where another about the duty was made meanwhile, all is decided anew."""
    session.statement.refusing("uq_exemption_request_asked", Overtaken)
    session.add(asked)


async def views(
    session: AsyncSession, filters: ExemptionFilters, *, after: UUID | None, limit: int
) -> Sequence[ExemptionRow]:
    """Exemptions with their duty, those asked first in front."""
    found = await session.execute(_LIST, {**filters._asdict(), "after": after, "limit": limit})
    return [ExemptionRow(**row) for row in found.mappings()]


async def view(session: AsyncSession, exemption_id: UUID) -> ExemptionRow | None:
    """One exemption with its duty."""
    found = (await session.execute(_ONE, {"id": exemption_id})).mappings().first()
    return None if found is None else ExemptionRow(**found)
