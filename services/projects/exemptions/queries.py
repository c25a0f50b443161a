"""SQL of exemptions."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.exemptions.models import ExemptionRequest, ExemptionState
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken


class ExemptionRow(NamedTuple):
    """An exemption with its duty, as `_VIEWS` gives it."""

    id: UUID
    duty_id: UUID
    unit_code: str
    project_code: str | None
    item_code: str
    state: ExemptionState
    verdict: Verdict
    document: str
    article: str
    reason: str
    asked_at: datetime
    asked_by: str
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    version: int


_VIEWS = """
SELECT x.id, x.duty_id, x.unit_code, d.project_code, d.item_code, x.state, s.verdict, x.document,
       x.article, x.reason, x.asked_at, x.asked_by, x.decision, x.decided_at, x.decided_by,
       x.version
FROM exemption_request x
JOIN duty d ON d.id = x.duty_id
JOIN standing s ON s.duty_id = x.duty_id
"""
# What waits for an auditor is what others have asked for.
_LIST = text(
    _VIEWS + "WHERE (CAST(:units AS text[]) IS NULL OR x.unit_code = ANY(CAST(:units AS text[])))"
    " AND (CAST(:state AS text) IS NULL OR x.state = :state)"
    " AND (CAST(:duty AS uuid) IS NULL OR x.duty_id = :duty)"
    " AND (CAST(:waits_for AS text) IS NULL OR x.state = 'asked' AND x.asked_by <> :waits_for)"
    " AND (CAST(:after AS uuid) IS NULL OR x.id > :after) ORDER BY x.id LIMIT :limit"
)
_ONE = text(_VIEWS + "WHERE x.id = :id")


def add(session: DecidingSession, asked: ExemptionRequest) -> None:
    """A new request; where another about the duty was made meanwhile, all is decided anew."""
    session.statement.refusing("uq_exemption_request_asked", Overtaken)
    session.add(asked)


async def views(
    session: AsyncSession,
    *,
    units: list[str] | None,
    state: ExemptionState | None,
    duty: UUID | None,
    waits_for: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[ExemptionRow]:
    """Exemptions with their duty, those asked first in front; `units` None: of all units."""
    wanted = {"units": units, "state": state, "duty": duty, "waits_for": waits_for}
    found = await session.execute(_LIST, {**wanted, "after": after, "limit": limit})
    return [ExemptionRow(**row) for row in found.mappings()]


async def view(session: AsyncSession, exemption_id: UUID) -> ExemptionRow | None:
    """One exemption with its duty."""
    found = (await session.execute(_ONE, {"id": exemption_id})).mappings().first()
    return None if found is None else ExemptionRow(**found)
