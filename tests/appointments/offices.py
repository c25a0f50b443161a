"""A hall of its own for a test of booking: items, a schedule, slots, and people who book."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import choice, randrange
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from shared.ids import new_id
from shared.security.crypto import Keyring
from shared.security.personal import valid_id_number
from tests import support
from tests.appointments.queue_helpers import Clock, good

SIGN = Callable[..., dict[str, str]]
KEYRING = Keyring(support.COLUMN_KEYS, support.INDEX_KEY)
NINE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
"""09:00 on Tuesday 24 November 2026 in Shanghai."""


def person(**others: str) -> dict[str, str]:
    """Somebody whom no other test knows, as staff name them."""
    return {"name": "张三丰", "phone": f"139{randrange(10**8):08}", **others}


def id_number() -> str:
    """A citizen number that no other test uses, of somebody born between 1930 and 1957."""
    born = date(1930, 1, 1) + timedelta(days=randrange(10_000))
    digits = f"110105{born:%Y%m%d}{randrange(1000):03}"
    while not valid_id_number(number := digits + choice("0123456789X")):
        pass
    return number


@dataclass
class Office:
    """A hall that takes appointments, and short words for what people do."""

    client: httpx.AsyncClient
    sign: SIGN
    code: str
    items: list[str]
    owner: asyncpg.Connection
    clock: Clock

    def citizen(self, sub: str | None = None, **others: str) -> dict[str, str]:
        return {**self.sign("citizen", sub=sub or f"citizen-{uuid4().hex}"), **others}

    def clerk(self) -> dict[str, str]:
        return self.sign("clerk", self.code)

    def manager(self) -> dict[str, str]:
        return self.sign("hall_manager", self.code)

    def device(self) -> dict[str, str]:
        return self.sign("device", self.code)

    async def slot(self, starts_at: datetime, capacity: int = 2, **others: Any) -> UUID:
        """A slot on sale, made directly."""
        values: dict[str, Any] = {
            "id": new_id(),
            "hall_code": self.code,
            "rule_code": "R1",
            "rule_version": 1,
            "pool": "online",
            "item_codes": self.items,
            "on_date": (starts_at + timedelta(hours=8)).date(),
            "starts_at": starts_at,
            "minutes": 30,
            "capacity": capacity,
            "booked": 0,
            "opens_at": starts_at - timedelta(days=30),
            "closes_at": starts_at,
            "state": "open",
            "announced_full": False,
            **others,
        }
        names = ", ".join(values)
        marks = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await self.owner.execute(f"INSERT INTO slot ({names}) VALUES ({marks})", *values.values())
        return UUID(str(values["id"]))

    async def ask(self, *slots: UUID, **options: Any) -> httpx.Response:
        """Ask to book; `headers` are a new citizen's unless given."""
        headers = options.pop("headers", None) or self.citizen()
        body = {"slot_ids": [str(s) for s in slots], "item": self.items[0], **options}
        return await self.client.post("/api/v1/appointments", json=body, headers=headers)

    async def insist(self, *slots: UUID, **options: Any) -> httpx.Response:
        """As an app does: 503 means try again, with the same key, after as long as it says."""
        headers = {**(options.pop("headers", None) or self.citizen())}
        headers.setdefault("Idempotency-Key", uuid4().hex)
        while True:
            answer = await self.ask(*slots, headers=headers, **options)
            if answer.status_code != 503:
                return answer
            await asyncio.sleep(float(answer.headers["retry-after"]))

    async def hold(self, *slots: UUID, **options: Any) -> dict[str, Any]:
        return good(await self.ask(*slots, **options), 201)

    async def do(
        self, held: dict[str, Any], action: str, headers: dict[str, str], **body: Any
    ) -> httpx.Response:
        url = f"/api/v1/appointments/{held['id']}/{action}"
        return await self.client.post(url, json=body or None, headers=headers)

    async def booked(self, slot: UUID) -> int:
        found = await self.owner.fetchval("SELECT booked FROM slot WHERE id = $1", slot)
        return int(found)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """What the outbox holds of that type for this hall, oldest first."""
        rows = await self.owner.fetch(
            "SELECT body FROM outbox WHERE subject = $1 ORDER BY position",
            f"appointments.{kind}.v1.{self.code}",
        )
        return [json.loads(row["body"])["data"] for row in rows]

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(f"/api/v1/{path}", **options)


async def build(
    client: httpx.AsyncClient, sign: SIGN, owner: asyncpg.Connection, clock: Clock, items: int = 2
) -> Office:
    """A new hall that offers new items."""
    code = f"T{uuid4().hex[:8].upper()}"
    codes = [f"{code}-{n}" for n in range(items)]
    await owner.execute(
        "INSERT INTO hall (code, name, address, level, opening_hours, channels, accessibility,"
        " timezone, version, updated_at)"
        " VALUES ($1, $1, '测试路 1 号', 'city', '[]', '{}', '{}', 'Asia/Shanghai', 1, $2)",
        code,
        clock(),
    )
    for item in codes:
        await owner.execute(
            "INSERT INTO item (code, name, group_name, department_code, item_type, subject_kinds,"
            " standard_minutes, case_kind, visits_needed, visits_reason, online_depth,"
            " by_appointment, self_service, by_post, guide_version, valid_from, version,"
            " updated_at) VALUES ($1, $1, '测试', 'T01', '20', '{person}', 20, 'instant', 1,"
            " '须核对原件', 'none', true, false, false, 1, $2, 1, $3)",
            item,
            date(2020, 1, 1),
            clock(),
        )
        await owner.execute("INSERT INTO hall_item VALUES ($1, $2)", code, item)
    for no, served in ((1, codes), (2, codes[:1])):
        await window(owner, code, no, served)
    return Office(client, sign, code, codes, owner, clock)


async def window(owner: asyncpg.Connection, hall: str, no: int, items: list[str]) -> UUID:
    """A window of the hall, and what it serves."""
    made = new_id()
    await owner.execute(
        "INSERT INTO \"window\" (id, hall_code, no, name, kind) VALUES ($1, $2, $3, '', 'counter')",
        made,
        hall,
        no,
    )
    for rank, item in enumerate(items, 1):
        await owner.execute(
            "INSERT INTO window_item (window_id, item_code, hall_code, rank)"
            " VALUES ($1, $2, $3, $4)",
            made,
            item,
            hall,
            rank,
        )
    return made
