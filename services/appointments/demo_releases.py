"""A release of the demo hall that people can join, for places that nobody else asks for."""

from datetime import datetime, time, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.releases.models import ReleaseState
from services.appointments.waiting_room import announcing
from services.appointments.waiting_room import views as waiting_room
from services.appointments.waiting_room.schemas import NewRelease
from shared import clock
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import PageRequest
from shared.web.steps import StepTaker

HALL, ITEM = "H001", "PBOC-09"
LOADER = Caller("demo", frozenset({"admin"}), frozenset({"*"}))


async def load(session: AsyncSession, keyring: Keyring, now: datetime) -> None:
    """Announces one for tomorrow, where none is announced."""
    known = await waiting_room.releases(
        session, PageRequest(1, None), hall=HALL, state=ReleaseState.ANNOUNCED
    )
    if known.items:
        return
    today = clock.today(now)
    opens_at = datetime.combine(today + timedelta(days=1), time(9), clock.SHANGHAI)
    wanted = NewRelease(
        hall_code=HALL,
        title="进出口企业辅导期业务放号（演示）",
        item_codes=[ITEM],
        first_on=today + timedelta(days=3),
        last_on=today + timedelta(days=7),
        joins_from=now,
        opens_at=opens_at,
    )
    await announcing.announce(session, wanted, StepTaker(LOADER, now, keyring))
