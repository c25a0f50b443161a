"""Who registers for an outreach event is nobody else's business, and is forgotten after it."""

from datetime import timedelta
from random import randrange
from uuid import UUID

import asyncpg

from services.appointments.forgetting import service as forgetting
from services.appointments.forgetting.statement import HALF_YEAR
from shared.database.engine import Sessions
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_outreach_events import STARTS, announced


async def test_nobody_learns_by_typing_a_number_whether_it_is_registered(office: Office) -> None:
    event = await announced(office)
    phone, unknown = (f"134{randrange(10**8):08}" for _ in range(2))
    good(await event.register(phone=phone), 201)
    good(await event.register(phone=phone, headers=(me := office.citizen())), 201)
    answers = [await event.register(phone=typed, headers=me) for typed in (phone, unknown)]
    one, other = (problem(answer, 409, "already-registered") for answer in answers)
    assert one | {"request_id": ""} == other | {"request_id": ""}
    refused = await event.register(phone=phone, headers=office.clerk())
    problem(refused, 409, "already-registered")


async def test_who_registered_is_forgotten_half_a_year_after_it(
    office: Office, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    event = await announced(office)
    mine = good(await event.register(2), 201)
    ended = STARTS + timedelta(hours=3)
    left = []
    for moment in (ended + HALF_YEAR, ended + HALF_YEAR + timedelta(minutes=1)):
        async with sessions() as session, session.begin():
            await forgetting.forget(session, moment)
        count = "SELECT count(*) FROM outreach_registration WHERE id = $1"
        left.append(await owner.fetchval(count, UUID(mine["id"])))
    assert left == [1, 0]
    assert await event.free() == 1, "how many came stays known"
