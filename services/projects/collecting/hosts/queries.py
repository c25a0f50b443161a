"""SQL of the hosts of portals."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.hosts.models import PortalHost
from services.projects.collecting.hosts.statement import DUE, NOTE, PACE
from services.projects.portals.models import Portal


async def due(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[Portal]:
    """Portals with a rule whose time has come and that nobody walks, who waits for longest first.

    At most `limit`: the first round over a province would be one transaction of many minutes.
    """
    found = select(Portal).from_statement(DUE.bindparams(now=now, limit=limit))
    return (await session.execute(found)).scalars().all()


async def note(session: AsyncSession) -> None:
    """Keep the hosts of all runs that wait: only one that is kept can be held."""
    await session.execute(NOTE)


async def pace_ms(session: AsyncSession, portal_id: str) -> int:
    """The least pause between two requests to the portal's host, in milliseconds."""
    return int((await session.execute(PACE, {"portal_id": portal_id})).scalar_one())


async def free(session: AsyncSession, run_id: UUID, pause: float) -> None:
    """Let others on the host that the run held, `pause` seconds after its last request."""
    freed = {"run_id": None, "free_at": func.now() + timedelta(seconds=pause)}
    await session.execute(
        update(PortalHost).where(col(PortalHost.run_id) == run_id).values(**freed)
    )
