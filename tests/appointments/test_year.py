"""A few days of the simulated year leave halls as the service would: nothing in them is wrong."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from services.appointments.booking.models import AppointmentState
from services.appointments.queueing.models import TicketState
from shared import clock
from tests import support
from tests.benchmarks import year_checks, year_days, year_halls
from tests.benchmarks.year_days import Year
from tests.support import Databases

HALLS, VISITS, DAYS = 3, 420, 7
KEYS = {"column_keys": support.COLUMN_KEYS, "index_key": support.INDEX_KEY}


@pytest.fixture(scope="module")
async def year(databases: Databases) -> AsyncIterator[Year]:
    urls = databases.new("appointments", "appointments_year")
    owner = await support.connect(urls.owner)
    halls = await year_halls.build(owner, HALLS)
    days = year_days.workdays(clock.today(clock.now()) - timedelta(days=1), DAYS)
    async with year_days.writing(urls.service, owner, KEYS, halls, VISITS, days) as lived:
        for day in days:
            await lived.live(day)
        await year_days.count(lived.sessions, clock.now())
        yield lived
    await owner.close()


@pytest.fixture
def rows(year: Year) -> asyncpg.Connection:
    return year.writer.owner


async def test_what_always_holds_holds(rows: asyncpg.Connection) -> None:
    assert {what: n for what, n in (await year_checks.faults(rows)).items() if n} == {}


async def test_there_are_as_many_visits_as_were_asked_for_and_all_ends(
    year: Year, rows: asyncpg.Connection
) -> None:
    assert year.visits == await rows.fetchval("SELECT count(*) FROM ticket")
    assert abs(year.visits - VISITS) < VISITS / 4
    ended = {row[0] for row in await rows.fetch("SELECT DISTINCT state FROM ticket")}
    assert ended == {TicketState.DONE, TicketState.CLOSED}
    booked = {row[0] for row in await rows.fetch("SELECT DISTINCT state FROM appointment")}
    S = AppointmentState
    assert booked == {S.SERVED, S.NO_SHOW, S.CANCELLED}
    actions = {row[0] for row in await rows.fetch("SELECT DISTINCT action FROM ticket_event")}
    assert actions == {"issue", "call", "recall", "miss", "serve", "finish", "close"}


BREAKS = {
    "slots whose count": "UPDATE slot SET booked = booked + 1",
    "slots that keep back": "UPDATE slot SET kept_back = kept_back + 1",
    "appointments whose day": "UPDATE appointment SET state = 'confirmed' WHERE state = 'no_show'",
    "appointments that are": "UPDATE appointment SET state = 'lapsed' WHERE state = 'served'",
    "steps that": "UPDATE ticket_event SET to_state = 'parked' WHERE action = 'serve'",
    "tickets that are not": "UPDATE ticket SET version = version + 1",
    "halls whose log": "UPDATE hall_floor SET seq = seq + 1",
    "calls to a window": "UPDATE call SET called_at = called_at - interval '1 hour'",
    "sums of days": "UPDATE hall_tally SET missed = missed + 1",
}


@pytest.mark.parametrize("what", BREAKS)
async def test_what_is_broken_is_found(rows: asyncpg.Connection, what: str) -> None:
    change = rows.transaction()
    await change.start()
    try:
        await rows.execute("ALTER TABLE ticket_event DISABLE TRIGGER USER")
        await rows.execute(BREAKS[what])
        found = await year_checks.faults(rows)
    finally:
        await change.rollback()
    assert [n for question, n in found.items() if question.startswith(what)][0] > 0


async def test_places_are_put_on_sale_ahead_of_the_measured_day(
    year: Year, rows: asyncpg.Connection
) -> None:
    change, day = rows.transaction(), clock.today(clock.now()) + timedelta(days=400)
    await change.start()
    try:
        await year_halls.put_on_sale(rows, year.halls[:1], [day])
        sql = "SELECT count(*) FROM slot WHERE on_date = $1 AND state = 'open' AND capacity > 0"
        assert await rows.fetchval(sql, day) == year_halls.QUARTERS
    finally:
        await change.rollback()


def test_every_question_is_tried() -> None:
    assert [sum(q.startswith(what) for q in year_checks.QUESTIONS) for what in BREAKS] == [1] * len(
        year_checks.QUESTIONS
    )
