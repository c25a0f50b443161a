"""What is shown of a hall's queue, and the measuring of its load."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.directory.models import Hall, HallLoad
from services.appointments.display import queries
from services.appointments.display.events import HallLoadMeasured, ItemLoad
from services.appointments.display.schemas import WindowEntry
from services.appointments.estimates import service as estimates
from services.appointments.estimates.schemas import Estimate
from services.appointments.estimates.service import Forecast
from services.appointments.people import service as people
from services.appointments.queueing import service as queueing
from services.appointments.queueing.models import Ticket
from shared.errors import NotFound, Text
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller

_NO_HALL = Text("没有这个大厅", "There is no such hall")
HALLS_A_ROUND = 20
"""So that a round, which is one transaction, stays well below a second."""


async def ticket(
    session: AsyncSession,
    keyring: Keyring,
    ticket_id: UUID,
    caller: Caller | None,
    key: str | None,
    now: datetime,
) -> tuple[Ticket, Estimate | None]:
    """The ticket with its place and wait. Raises NotFound, also for who may not see it."""
    found = await queueing.shown(session, keyring, ticket_id, caller, key)
    return found, await estimates.of_ticket(session, found, now)


async def own_tickets(
    session: AsyncSession, caller: Caller, after: UUID | None, limit: int, now: datetime
) -> list[tuple[Ticket, Estimate | None]]:
    """The caller's own tickets, one more than `limit` if there are, with place and wait."""
    me = await people.of_account(session, caller.sub)
    mine = await queries.of_person(session, me, after, limit)
    return [(each, await estimates.of_ticket(session, each, now)) for each in mine]


async def queue(
    session: AsyncSession,
    caller: Caller,
    hall_code: str,
    after: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> tuple[list[Ticket], Forecast]:
    """Unfinished tickets, one more than `limit` if there are. Raises NotFound."""
    await _ensure_staff_of(session, caller, hall_code)
    tickets = await queries.live(session, hall_code, after, limit)
    return tickets, await estimates.of_hall(session, hall_code, now)


async def windows(session: AsyncSession, caller: Caller, hall_code: str) -> list[WindowEntry]:
    """Every window of the hall and who is there. Raises NotFound."""
    await _ensure_staff_of(session, caller, hall_code)
    return await queries.windows(session, hall_code)


async def measure_loads(session: AsyncSession, now: datetime) -> int:
    """Job: measures the halls where something happened; publishes those whose load changed."""
    changed = 0
    for hall_code in await queries.moved_halls(session, now, HALLS_A_ROUND):
        changed += await _measure(session, hall_code, now)
    return changed


async def _measure(session: AsyncSession, hall_code: str, now: datetime) -> bool:
    forecast = await estimates.of_hall(session, hall_code, now)
    p50, p85 = forecast.newcomer()
    known = await queries.measured(session, hall_code)
    load = HallLoad(
        hall_code=hall_code,
        waiting=len(forecast.queue),
        windows_open=forecast.windows_open,
        p50_minutes=p50,
        p85_minutes=p85,
        measured_at=now,
    )
    same = known is not None and _figures(known) == _figures(load)
    await directory.note_load(session, load)
    if same:
        return False
    event = HallLoadMeasured(
        hall_code=hall_code,
        waiting=load.waiting,
        windows_open=load.windows_open,
        p50_minutes=p50,
        p85_minutes=p85,
        items=[
            ItemLoad(item=item, count=count, p85_minutes=forecast.newcomer(item)[1])
            for item, count in counts(forecast)
        ],
        at=now,
    )
    await outbox.record(session, event, scope=hall_code, subject=hall_code)
    return True


def _figures(load: HallLoad) -> tuple[int | None, ...]:
    return load.waiting, load.windows_open, load.p50_minutes, load.p85_minutes


async def _ensure_staff_of(session: AsyncSession, caller: Caller, hall_code: str) -> None:
    if not caller.at(hall_code) or await session.get(Hall, hall_code) is None:
        raise NotFound(_NO_HALL)


def counts(forecast: Forecast) -> Sequence[tuple[str, int]]:
    """How many wait for each item."""
    return sorted(Counter(ticket.item_code for ticket in forecast.queue).items())
