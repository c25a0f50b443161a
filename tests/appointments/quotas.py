"""What jobs do about places that come on sale later, at the time of a test."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.appointments.booking import healing
from services.appointments.portions import service as portions
from services.appointments.slots import service as slots
from services.appointments.slots import statement
from shared.database.engine import Sessions
from tests.appointments.offices import Office

RUN = (
    slots.open_due,
    statement.return_due,
    portions.release_due,
    portions.cede_due,
    healing.heal_left,
)
"""All that happens to places within a minute, each in a transaction of its own."""


async def run_jobs(sessions: Sessions, now: datetime) -> None:
    for job in RUN:
        async with sessions() as session, session.begin():
            await job(session, now)


async def places(office: Office, pool: str, day: str = "2026-11-25") -> list[tuple[int, int]]:
    """Capacity and what is on sale of the slots of that pool and day, by time."""
    rows = await office.owner.fetch(
        "SELECT capacity, capacity - booked - kept_back AS free FROM slot WHERE hall_code = $1"
        " AND pool = $2 AND on_date = $3::text::date AND state <> 'withdrawn' ORDER BY starts_at",
        office.code,
        pool,
        day,
    )
    return [tuple(row) for row in rows]


async def slot_ids(office: Office, pool: str, day: str = "2026-11-25") -> list[UUID]:
    """The slots of that pool and day, by time."""
    rows = await office.owner.fetch(
        "SELECT id FROM slot WHERE hall_code = $1 AND pool = $2 AND on_date = $3::text::date"
        " AND state <> 'withdrawn' ORDER BY starts_at",
        office.code,
        pool,
        day,
    )
    return [row["id"] for row in rows]


async def left_of(office: Office) -> list[Any]:
    """Rules and times of which places went and did not come, or the other way round."""
    return list(
        await office.owner.fetch(
            "SELECT rule_code, starts_at, sum(ceded) FROM slot WHERE hall_code = $1"
            " AND state <> 'withdrawn' GROUP BY 1, 2 HAVING sum(ceded) <> 0",
            office.code,
        )
    )
