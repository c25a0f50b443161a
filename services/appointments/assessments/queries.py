from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.assessments.rules import Times
from services.appointments.queueing.workflow import NOT_UNDONE

_FINISHED = f"""
FROM ticket_event e
WHERE e.hall_code = :hall AND e.at >= :begins AND e.at < :ends
  AND e.action = 'finish' AND e.served_seconds IS NOT NULL
  AND {NOT_UNDONE.format(e="e")}"""
_TIMES = text(
    "SELECT e.actor, e.item_code, count(*), sum(e.served_seconds / 60),"
    f" sum((e.served_seconds / 60) ^ 2) {_FINISHED} GROUP BY e.actor, e.item_code"
)
_SERVICES = text(
    "SELECT e.hall_seq, e.at, e.ticket_id, e.number, e.item_code, e.outcome,"
    f" e.served_seconds / 60 AS minutes {_FINISHED} AND e.actor = :account"
    " AND e.hall_seq > :after ORDER BY e.hall_seq LIMIT :limit"
)


class Finished(NamedTuple):
    """A service that somebody finished, as the log has it."""

    hall_seq: int
    at: datetime
    ticket_id: UUID
    number: str
    item_code: str
    outcome: str | None
    minutes: float


async def times(
    session: AsyncSession, hall: str, begins: datetime, ends: datetime
) -> dict[tuple[str, str], Times]:
    """By account and item, the services that were finished in that time and not undone."""
    asked = {"hall": hall, "begins": begins, "ends": ends}
    rows = await session.execute(_TIMES, asked)
    return {(actor, item): Times(*sums) for actor, item, *sums in rows}


async def services(
    session: AsyncSession,
    hall: str,
    account: str,
    begins: datetime,
    ends: datetime,
    after: int,
    limit: int,
) -> list[Finished]:
    """Those of one account, in the order of the hall."""
    asked = {"hall": hall, "account": account, "begins": begins, "ends": ends}
    rows = await session.execute(_SERVICES, asked | {"after": after, "limit": limit})
    return [Finished(*row) for row in rows]
