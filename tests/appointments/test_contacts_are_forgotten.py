"""Whom an appointment was for is known as long as somebody may have to reach them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.appointments.forgetting import service
from services.appointments.forgetting.statement import HALF_YEAR
from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office, person
from tests.appointments.queue_helpers import good


async def booked(office: Office, at: datetime, who: dict[str, str]) -> dict[str, Any]:
    slot = await office.slot(at, pool="assisted")
    return await office.hold(slot, headers=office.clerk(), citizen=who)


async def forget(sessions: Sessions, now: datetime) -> None:
    async with sessions() as session, session.begin():
        await service.forget(session, now)


async def known(owner: asyncpg.Connection, one: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the appointment names whom it was for, and whether that person is known at all."""
    row = await owner.fetchrow(
        "SELECT a.name_sealed IS NOT NULL, EXISTS (SELECT FROM citizen c"
        " WHERE c.key = a.citizen_key) FROM appointment a WHERE a.id = $1",
        UUID(one["id"]),
    )
    assert row is not None
    return row[0], row[1]


async def test_half_a_year_after_it_nobody_knows_whom_it_was_for(
    office: Office, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    at = NINE + timedelta(days=1)
    one = await booked(office, at, person())
    good(await office.do(one, "cancel", office.clerk(), reason="本人要求"))
    await forget(sessions, at + HALF_YEAR - timedelta(minutes=1))
    assert await known(owner, one) == (True, True)
    await forget(sessions, at + HALF_YEAR + timedelta(minutes=1))
    assert await known(owner, one) == (False, False)
    seen = good(await office.get(f"appointments/{one['id']}", headers=office.clerk()))
    assert (seen["state"], seen["citizen"]) == ("cancelled", None)


async def test_who_has_something_ahead_or_is_barred_is_known_still(
    office: Office, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    who, barred = person(), person()
    old = await booked(office, NINE + timedelta(days=1), who)
    missed = await booked(office, NINE + timedelta(days=1, hours=1), barred)
    for one in (old, missed):
        good(await office.do(one, "cancel", office.clerk(), reason="本人要求"))
    later = NINE + timedelta(days=1) + HALF_YEAR + timedelta(days=1)
    new = await booked(office, later, who)
    await owner.execute(
        "INSERT INTO penalty (id, hall_code, citizen_key, appointment_id, no_shows,"
        " policy_version, blocked_from, blocked_until, state, version)"
        " SELECT gen_random_uuid(), hall_code, citizen_key, id, 3, 0, $2, $3, 'in_force', 1"
        " FROM appointment WHERE id = $1",
        UUID(missed["id"]),
        NINE,
        later + timedelta(days=2),
    )
    await forget(sessions, later)
    assert await known(owner, old) == (False, True)
    assert await known(owner, new) == (True, True)
    assert await known(owner, missed) == (True, True)
