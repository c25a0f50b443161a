"""A release under pressure, the people who want its places, and short words for what they do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.waiting_room import advancing, drawing
from shared.database.engine import Sessions
from shared.security.loaded import loaded
from tests.appointments.offices import KEYRING, NINE, Office
from tests.appointments.queue_helpers import good

FAR = NINE + timedelta(days=3)
DAY = (FAR + timedelta(hours=8)).date().isoformat()
OPENS = NINE + timedelta(hours=1)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
JOBS = (drawing.close_joining, drawing.draw, advancing.advance, advancing.drop)
Work = Callable[[Sessions, Any], Awaitable[int]]
Step = Callable[[AsyncSession, UUID, Any], Awaitable[int]]


@dataclass
class Line:
    """A release of an office, and its jobs at the time of the test."""

    office: Office
    sessions: Sessions
    id: str = ""

    async def announce(self, **change: Any) -> dict[str, Any]:
        """Announced for ten o'clock; one may join from nine on."""
        made = good(await self.ask_to_announce(**change), 201)
        self.id = made["id"]
        return made

    async def ask_to_announce(self, **change: Any) -> httpx.Response:
        body = {
            "hall_code": self.office.code,
            "title": "元旦登记放号",
            "item_codes": [self.office.items[0]],
            "first_on": DAY,
            "last_on": DAY,
            "joins_from": NINE.isoformat(),
            "opens_at": OPENS.isoformat(),
            **change,
        }
        headers = change.pop("headers", None) or self.office.manager()
        body.pop("headers", None)
        return await self.office.client.post("/api/v1/releases", json=body, headers=headers)

    async def ask_to_join(self, headers: dict[str, str], **body: Any) -> httpx.Response:
        url = f"/api/v1/releases/{self.id}/entries"
        return await self.office.client.post(url, json=body, headers=headers)

    async def join(self, headers: dict[str, str] | None = None, **body: Any) -> "Waiting":
        """A new citizen joins, or who the headers say."""
        headers = headers or self.office.citizen()
        made = good(await self.ask_to_join(headers, **body), 201)
        return Waiting(self, headers, made["id"])

    async def shown(self) -> dict[str, Any]:
        return good(await self.office.get(f"releases/{self.id}"))

    async def draw(self) -> list[str]:
        """The published ids in their order."""
        found = good(await self.office.get(f"releases/{self.id}/draw", params={"limit": 200}))
        assert [one["number"] for one in found["items"]] == [*range(1, len(found["items"]) + 1)]
        return [one["entry_id"] for one in found["items"]]

    async def run(self, *jobs: Work) -> None:
        """What happens within seconds, at the time of the test."""
        async with self.sessions() as session:
            loaded(session).keyring = KEYRING
        for job in jobs or JOBS:
            await job(self.sessions, self.office.clock.at)

    async def once(self, step: Step) -> None:
        """One transaction of a job on this release."""
        async with self.sessions() as session, session.begin():
            loaded(session).keyring = KEYRING
            await step(session, UUID(self.id), self.office.clock.at)

    async def break_off(self, step: Step) -> None:
        """The process is killed before it commits."""
        async with self.sessions() as session:
            loaded(session).keyring = KEYRING
            await step(session, UUID(self.id), self.office.clock.at)
            await session.rollback()

    async def open(self) -> None:
        """The time of the release has come."""
        self.office.clock.at = max(self.office.clock.at, OPENS)
        await self.run()

    async def withdraw(self, **body: Any) -> httpx.Response:
        url, given = f"/api/v1/releases/{self.id}/withdraw", {"reason": "名额有变", **body}
        return await self.office.client.post(url, json=given, headers=self.office.manager())

    async def events(self, kind: str) -> list[dict[str, Any]]:
        return await self.office.events(kind)


@dataclass
class Waiting:
    """Somebody in line."""

    line: Line
    headers: dict[str, str]
    id: str

    async def see(self) -> dict[str, Any]:
        found = await self.line.office.get(f"release-entries/{self.id}", headers=self.headers)
        return good(found)

    async def state(self) -> str:
        return str((await self.see())["state"])

    async def ask(self, slot: UUID, **body: Any) -> httpx.Response:
        """Ask to book."""
        return await self.line.office.ask(slot, headers=self.headers, **body)

    async def leave(self) -> dict[str, Any]:
        url = f"/api/v1/release-entries/{self.id}"
        return good(await self.line.office.client.delete(url, headers=self.headers))
