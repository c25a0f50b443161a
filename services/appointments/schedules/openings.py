"""When a hall as a whole is open: its printed hours without its closures."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.directory.openings import Openings, Period
from services.appointments.directory.schemas import OpeningHours
from services.appointments.schedules import queries


async def of_hall(session: AsyncSession, hall: Hall, now: datetime) -> Openings:
    """The hall's hours from now on; what closes a part of it leaves the hall open."""
    hours = [OpeningHours.model_validate(each) for each in hall.opening_hours]
    closures = await queries.closures(session, hall.code, now)
    closed = [
        Period(closure.starts_at, closure.ends_at)
        for closure in closures
        if (closure.window_no, closure.item_code, closure.rule_code) == (None, None, None)
    ]
    return Openings(hours, hall.timezone, closed)
