"""A hall of its own for a test of the queue: windows, items, a clock that the test sets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.display import service as display
from shared.clock import SHANGHAI, day_start, today
from shared.ids import new_id

SIGN = Callable[..., dict[str, str]]


class Clock:
    """What the service takes for the present moment."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)

    def never_late(self) -> None:
        """Start the next morning rather than in the evening, so that no test crosses midnight."""
        if not 8 <= self.at.astimezone(SHANGHAI).hour < 18:
            self.at = day_start(today(self.at) + timedelta(days=1)) + timedelta(hours=9)


@dataclass
class Floor:
    """A hall at work, and short words for what people do in it."""

    client: httpx.AsyncClient
    sign: SIGN
    code: str
    windows: list[UUID]
    items: list[str]
    clock: Clock = field(default_factory=Clock)

    def clerk(self, sub: str = "clerk-1") -> dict[str, str]:
        return self.sign("clerk", self.code, sub=sub)

    def manager(self) -> dict[str, str]:
        return self.sign("hall_manager", self.code)

    def kiosk(self) -> dict[str, str]:
        return {**self.sign("device", self.code), "Idempotency-Key": uuid4().hex}

    async def ask_ticket(self, **given: Any) -> httpx.Response:
        headers = given.pop("headers", None) or self.kiosk()
        body = {"hall_code": self.code, "items": self.items[:1], **given}
        return await self.client.post("/api/v1/tickets", json=body, headers=headers)

    async def issue(self, **given: Any) -> dict[str, Any]:
        return good(await self.ask_ticket(**given), 201)

    async def window(self, action: str, place: int = 0, **body: Any) -> httpx.Response:
        url = f"/api/v1/windows/{self.windows[place]}/{action}"
        headers = body.pop("headers", None) or self.clerk()
        return await self.client.post(url, json=body or None, headers=headers)

    async def open(self, *places: int) -> None:
        for place in places or (0,):
            good(await self.window("open", place))

    async def call(self, place: int = 0) -> dict[str, Any]:
        return good(await self.window("call-next", place))

    async def do(self, ticket: dict[str, Any], action: str, **body: Any) -> httpx.Response:
        headers = body.pop("headers", None) or self.clerk()
        url = f"/api/v1/tickets/{ticket['id']}/{action}"
        return await self.client.post(url, json=body or None, headers=headers)

    async def done(self, ticket: dict[str, Any], action: str, **body: Any) -> dict[str, Any]:
        return good(await self.do(ticket, action, **body))

    async def see(self, ticket: dict[str, Any]) -> dict[str, Any]:
        path = f"/api/v1/tickets/{ticket['id']}"
        return good(await self.client.get(path, headers=self.clerk()))

    async def get(self, path: str, **options: Any) -> httpx.Response:
        options.setdefault("headers", self.manager())
        return await self.client.get(f"/api/v1/halls/{self.code}/{path}", **options)


def good(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The answer's body; fails with the problem document if it is another status."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    body: dict[str, Any] = response.json()
    return body


def problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The problem document; fails if it is another."""
    body = good(response, status)
    assert body["type"] == f"/problems/{kind}", body
    assert response.headers["content-type"] == "application/problem+json"
    return body


async def build(
    owner: asyncpg.Connection, *, windows: int = 1, items: int = 1, minutes: int = 10
) -> tuple[str, list[UUID], list[str]]:
    """A hall with so many windows, each of which serves all of so many items."""
    code = f"Q-{uuid4().hex[:10].upper()}"
    names = [f"{code}-{number}" for number in range(1, items + 1)]
    await owner.execute(
        "INSERT INTO hall (code, name, address, level, opening_hours, channels, accessibility,"
        " timezone, version, updated_at)"
        " VALUES ($1, '测试大厅', '测试路', 'city', '[]', '{}', '{}', 'Asia/Shanghai', 1, now())",
        code,
    )
    await owner.execute(
        "INSERT INTO item (code, name, group_name, department_code, item_type, subject_kinds,"
        " standard_minutes, case_kind, visits_needed, visits_reason, online_depth,"
        " by_appointment, self_service, by_post, guide_version, valid_from, version, updated_at)"
        " SELECT n, '事项' || n, '测试', 'D01', '20', '{person}', $2, 'instant', 1, '须到场',"
        " 'none',"
        " true, false, false, 0, '2018-01-01', 1, now() FROM unnest($1::text[]) n",
        names,
        minutes,
    )
    await owner.execute(
        "INSERT INTO hall_item (hall_code, item_code) SELECT $1, unnest($2::text[])", code, names
    )
    ids = [new_id() for _ in range(windows)]
    await owner.execute(
        'INSERT INTO "window" (id, hall_code, no, name, kind)'
        " SELECT w, $2, n, '', 'counter' FROM unnest($1::uuid[]) WITH ORDINALITY AS t(w, n)",
        ids,
        code,
    )
    for window in ids:
        await serve_items(owner, code, window, names)
    return code, ids, names


async def serve_items(owner: asyncpg.Connection, code: str, window: UUID, items: list[str]) -> None:
    """Let the window serve these items and no others."""
    await owner.execute("DELETE FROM window_item WHERE window_id = $1", window)
    await owner.execute(
        "INSERT INTO window_item (window_id, item_code, hall_code, rank)"
        " SELECT $1, unnest($2::text[]), $3, 1",
        window,
        items,
        code,
    )


async def measure_all(session: AsyncSession, at: datetime) -> None:
    """How full each hall is now: rounds until those of other tests had their turn too."""
    while await display.measure_loads(session, at):
        pass
