"""SQL of disputes."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Verdict
from services.projects.disputes.models import Dispute, DisputeState
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken


class DisputeRow(NamedTuple):
    """A dispute with its duty, as `_VIEWS` gives it."""

    id: UUID
    duty_id: UUID
    unit_code: str
    project_code: str | None
    subject: str | None
    item_code: str
    state: DisputeState
    disputed_verdict: Verdict
    verdict: Verdict
    document: str
    reason: str
    opened_at: datetime
    opened_by: str
    due_on: date | None
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    version: int
    found_by: Sequence[str] = ()
    """Who had a part in the finding: what only the reading of one dispute gives."""


class DisputeFilters(NamedTuple):
    """Which disputes a list shows; `units` None: of all units. `waiting`: only those in one of
    these states, opened by others than `not_by` and of no unit of `own_units`."""

    units: list[str] | None
    state: DisputeState | None
    duty: UUID | None
    overdue: bool
    today: date
    due_before: date | None
    waiting: list[str] | None
    not_by: str | None
    own_units: list[str]


_VIEWS = """
SELECT x.id, x.duty_id, x.unit_code, d.project_code, d.subject,
       d.item_code, x.state, x.disputed_verdict,
       s.verdict, x.document, x.reason, x.opened_at, x.opened_by, x.due_on, x.decision,
       x.decided_at, x.decided_by, x.version
FROM dispute x
JOIN duty d ON d.id = x.duty_id
JOIN standing s ON s.duty_id = x.duty_id
"""
_LIST = text(
    _VIEWS + "WHERE (CAST(:units AS text[]) IS NULL OR x.unit_code = ANY(CAST(:units AS text[])))"
    " AND (CAST(:state AS text) IS NULL OR x.state = :state)"
    " AND (CAST(:duty AS uuid) IS NULL OR x.duty_id = :duty)"
    " AND (NOT CAST(:overdue AS boolean) OR x.state = 'open' AND x.due_on < CAST(:today AS date))"
    " AND (CAST(:due_before AS date) IS NULL OR x.state = 'open' AND x.due_on < :due_before)"
    " AND (CAST(:waiting AS text[]) IS NULL OR x.state = ANY(CAST(:waiting AS text[]))"
    "   AND x.opened_by IS DISTINCT FROM :not_by"
    "   AND NOT (x.unit_code = ANY(CAST(:own_units AS text[])) OR '*' = ANY(:own_units)))"
    " AND (CAST(:after AS uuid) IS NULL OR x.id > :after) ORDER BY x.id LIMIT :limit"
)
# Whose finding it is: who accepted its pages, ordered it to be put right, or ruled on it.
_ONE = text(f"""
SELECT v.*, ARRAY(
  SELECT by FROM page_match m, unnest(ARRAY[m.decided_by, m.first_by]) AS by
  WHERE m.duty_id = v.duty_id AND m.state = 'accepted' AND by IS NOT NULL
  UNION SELECT o.issued_by FROM rectification_order o WHERE o.duty_id = v.duty_id
  UNION SELECT r.ruled_by FROM duty_ruling r
  WHERE r.duty_id = v.duty_id AND r.kind <> 'dispute') AS found_by
FROM ({_VIEWS} WHERE x.id = :id) v""")


def add(session: DecidingSession, dispute: Dispute) -> None:
    """A new dispute; where another about the duty was opened meanwhile, all is decided anew."""
    session.statement.refusing("uq_dispute_open", Overtaken)
    session.add(dispute)


async def without_term(session: AsyncSession) -> Sequence[Dispute]:
    """The open disputes whose last day to decide is not known."""
    query = select(Dispute).where(Dispute.state == DisputeState.OPEN, col(Dispute.due_on).is_(None))
    return (await session.exec(query)).all()


async def put_term(session: AsyncSession, dispute_id: UUID, due_on: date) -> None:
    """The last day to decide, of a dispute that is still open; no more than that changes."""
    statement = update(Dispute).where(
        col(Dispute.id) == dispute_id, col(Dispute.state) == DisputeState.OPEN
    )
    await session.execute(statement.values(due_on=due_on))


async def views(
    session: AsyncSession, filters: DisputeFilters, *, after: UUID | None, limit: int
) -> Sequence[DisputeRow]:
    """Disputes with their duty, those opened first in front."""
    wanted = {**filters._asdict(), "after": after, "limit": limit}
    return [DisputeRow(**row) for row in (await session.execute(_LIST, wanted)).mappings()]


async def view(session: AsyncSession, dispute_id: UUID) -> DisputeRow | None:
    """One dispute with its duty."""
    found = (await session.execute(_ONE, {"id": dispute_id})).mappings().first()
    return None if found is None else DisputeRow(**found)
