"""What citizens of the made-up city miss: something that is due, and something not said which."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.demo_world import Case, World
from services.projects.reported_missing import service
from services.projects.reported_missing.contracts import MissingReported


async def load(session: AsyncSession, city: World, now: datetime) -> None:
    """Each is reported twice; to be called once, for every report counts."""
    pending = next(duty for duty in city.duties if duty.case is Case.PENDING)
    which = (pending.project_code, pending.item_code, pending.unit_code)
    for named in (which, (None, None, pending.unit_code)):
        reported = MissingReported(
            project_code=named[0], item_code=named[1], department_code=named[2], reported_at=now
        )
        for _ in range(2):
            await service.take_report(session, reported, now)
