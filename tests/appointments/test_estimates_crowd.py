"""Who joins a crowd is told what those before them were told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.appointments.estimates.schemas import Estimate, QueuedTicket
from services.appointments.estimates.service import CROWD, Forecast, of_hall
from shared.database.engine import Sessions
from shared.ids import new_id
from tests.appointments.conftest import Build

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)


def waiting(minutes: float, item: str = "tax") -> QueuedTicket:
    """A ticket that is due so many minutes after noon."""
    return QueuedTicket(new_id(), item, (item,), None, NOON + timedelta(minutes=minutes))


def crowd(count: int) -> Forecast:
    queue = tuple(waiting(place) for place in range(count))
    told = {ticket.id: Estimate(n, 5 * n, 5 * n + 5) for n, ticket in enumerate(queue)}
    return Forecast(NOON, 1, 3, queue, told)


def test_the_last_in_line_stands_behind_everybody() -> None:
    found = crowd(CROWD).behind(waiting(CROWD + 1))
    assert found == Estimate(CROWD, 5 * (CROWD - 1), 5 * CROWD)


def test_credit_lets_somebody_in_before_those_due_later() -> None:
    found = crowd(CROWD).behind(waiting(9.5))
    assert found == Estimate(10, 45, 50)


@pytest.mark.parametrize(
    "ticket", [waiting(CROWD + 1, item="permit"), waiting(-1)], ids=["other line", "first of all"]
)
def test_nobody_before_in_the_line_is_for_a_forecast_to_say(ticket: QueuedTicket) -> None:
    assert crowd(CROWD).behind(ticket) is None


def test_a_few_are_run_forward_one_by_one() -> None:
    assert crowd(CROWD - 1).behind(waiting(CROWD)) is None


async def test_a_stale_forecast_is_made_anew_by_one_of_all_who_ask(
    hall: Build, sessions: Sessions
) -> None:
    """Each of those in flight made its own, each second: half of a busy service's time."""
    floor = await hall(windows=1)
    await floor.open(0)
    await floor.issue()
    now = floor.clock()

    async def ask(at: datetime) -> Forecast:
        async with sessions() as session:
            return await of_hall(session, floor.code, at)

    before = await ask(now)
    await floor.issue()  # so that it is stale in a second
    found = await asyncio.gather(*(ask(now + timedelta(seconds=2)) for _ in range(6)))
    made = {id(forecast) for forecast in found} - {id(before)}
    assert len(made) == 1
    assert len((await ask(now + timedelta(seconds=2))).queue) == 2
