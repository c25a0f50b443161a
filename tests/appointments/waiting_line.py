"""People who wait for a place, and short words for what they do."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from services.appointments.booking import settling as holds
from services.appointments.offers import offering, settling
from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good

FAR = NINE + timedelta(days=3)
MINUTE = timedelta(minutes=1)
URL = "/api/v1/waitlist"
Jobs = Callable[[], Awaitable[None]]


def jobs_of(office: Office, sessions: Sessions) -> Jobs:
    """What happens within seconds, at the time of the test."""

    async def run() -> None:
        now = office.clock.at
        for job in (holds.expire_holds, settling.settle, settling.end_waits):
            async with sessions() as session, session.begin():
                await job(session, now)
        offered = 1
        while offered:
            async with sessions() as session, session.begin():
                offered = await offering.offer_next(session, now)

    return run


async def ask(office: Office, headers: dict[str, str], **body: Any) -> httpx.Response:
    wanted = {"hall_code": office.code, "item_code": office.items[0], **body}
    return await office.client.post(URL, json=wanted, headers=headers)


async def join(office: Office, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    return good(await ask(office, headers, **body), 201)


async def mine(office: Office, headers: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    found = good(await office.get(f"waitlist{query}", headers=headers))["items"]
    return list(found)


async def standing(office: Office, headers: dict[str, str]) -> str:
    [one] = await mine(office, headers)
    return str(one["state"])


async def taken(office: Office, slot: UUID, **options: Any) -> tuple[dict[str, Any], Any]:
    """A confirmed appointment in the slot, and whose it is."""
    me = options.pop("headers", None) or office.citizen()
    held = await office.hold(slot, headers=me, **options)
    good(await office.do(held, "confirm", me))
    return held, me


async def offered(office: Office, headers: dict[str, str]) -> dict[str, Any]:
    """The appointment that the person was offered."""
    [one] = await mine(office, headers)
    assert one["state"] == "offered", one
    return {**one["offer"], "id": one["offer"]["appointment_id"], "entry": one["id"]}


async def line_of(office: Office, people: int = 2) -> tuple[UUID, Any, Any, list[dict[str, str]]]:
    """A full slot, who has it, and who waits for it."""
    slot = await office.slot(FAR, capacity=1)
    held, owner = await taken(office, slot)
    line = []
    for _ in range(people):
        office.clock.at += MINUTE
        line.append(office.citizen())
        await join(office, line[-1])
    office.clock.at += MINUTE
    return slot, held, owner, line
