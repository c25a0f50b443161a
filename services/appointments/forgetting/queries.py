from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.forgetting.statement import Term


async def forget(session: AsyncSession, term: Term, now: datetime) -> int:
    """What has been kept as long as the term says. Returns of how many rows."""
    rows = await session.execute(term.sql, {"before": now - term.kept, "now": now})
    return len(rows.all())
