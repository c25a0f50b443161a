"""SQL of the hosts of portals."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.hosts.models import PortalHost
from services.projects.collecting.hosts.statement import DUE, END_TURN, PACE, TAKE_TURN
from services.projects.collecting.models import CollectorRun
from services.projects.portals.models import Portal


async def due(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[Portal]:
    """Portals with a rule whose time has come and that nobody walks, one of a host, who waits for
    longest first."""
    found = select(Portal).from_statement(DUE.bindparams(now=now, limit=limit))
    return (await session.execute(found)).scalars().all()


async def queue(session: AsyncSession, runs: Sequence[CollectorRun]) -> None:
    """Queue these runs of different portals, but for those of which one waits or is under way."""
    if runs:
        queued = insert(CollectorRun).values([run.model_dump() for run in runs])
        where = text("state IN ('queued', 'running')")
        await session.execute(
            queued.on_conflict_do_nothing(index_elements=["portal_id"], index_where=where)
        )


async def pace_ms(session: AsyncSession, portal_id: str) -> int:
    """The least pause between two requests to the portal's host, in milliseconds."""
    return int((await session.execute(PACE, {"portal_id": portal_id})).scalar_one())


async def free(session: AsyncSession, run_id: UUID, pause: float) -> None:
    """Let others on the host that the run held, `pause` seconds after its last request."""
    freed = {"run_id": None, "free_at": func.now() + timedelta(seconds=pause)}
    await session.execute(
        update(PortalHost).where(col(PortalHost.run_id) == run_id).values(**freed)
    )


async def take_turn(session: AsyncSession, host: str, seconds: float) -> bool:
    """Keep everybody else off a host on which nobody is; False where somebody is, or was just."""
    taken = await session.execute(TAKE_TURN, {"host": host, "seconds": seconds})
    return taken.scalar_one_or_none() is not None


async def end_turn(session: AsyncSession, host: str, pause: float) -> None:
    """Let others on it, `pause` seconds after the last request."""
    await session.execute(END_TURN, {"host": host, "seconds": pause})
