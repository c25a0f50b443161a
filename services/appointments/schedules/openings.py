"""When a hall as a whole is open: its printed hours without its closures."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.directory.openings import Openings, Period
from services.appointments.directory.schemas import OpeningHours
from services.appointments.schedules import queries


async def of_hall(session: AsyncSession, hall: Hall, now: datetime) -> Openings:
    """The hall's hours from now on."""
    hours = [OpeningHours.model_validate(each) for each in hall.opening_hours]
    closures = await queries.closures(session, hall.code, now)
    closed = [Period(closure.starts_at, closure.ends_at) for closure in closures]
    return Openings(hours, hall.timezone, closed)
