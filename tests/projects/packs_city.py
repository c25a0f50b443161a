"""A service whose catalogue and packs tests may change, and what they do with its periods."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import httpx

from services.projects.packs import periods
from shared.clock import SHANGHAI
from shared.database.engine import Sessions
from tests.conftest import Headers

THEN = datetime(2026, 11, 30, 9, tzinfo=SHANGHAI)
WELFARE, ITEM = "social_welfare", "PW-12"


@dataclass
class City:
    """A service with a catalogue of its own to change."""

    client: httpx.AsyncClient
    rows: asyncpg.Connection
    sessions: Sessions
    as_: Headers

    async def adopted(self) -> None:
        """The pack of social welfare is in the catalogue."""
        path = f"/api/v1/packs/{WELFARE}:adopt"
        answer = await self.client.post(path, headers=self.as_("admin"))
        assert answer.status_code == 200, answer.text

    async def switch_on(self, unit: str, **order: Any) -> dict[str, Any]:
        """The pack of social welfare for the unit; `version` to change it."""
        body = {"item_codes": [ITEM], "valid_from": "2026-01-01"} | order
        path = f"/api/v1/packs/{WELFARE}/units/{unit}"
        answer = await self.client.put(path, json=body, headers=self.as_("admin"))
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    async def merge(self, unit: str, into: str, on: str) -> None:
        order = {"successor_code": into, "merged_on": on, "document": "宁编〔2026〕3号"}
        answer = await self.client.post(
            f"/api/v1/units/{unit}/merge", json=order | {"version": 1}, headers=self.as_("admin")
        )
        assert answer.status_code == 201, answer.text

    async def make_due(self) -> int:
        return await periods.make_due(self.sessions, THEN)

    async def owed(self, unit: str) -> list[str]:
        """The periods of which the unit owes something."""
        query = "SELECT subject FROM duty WHERE unit_code = $1 ORDER BY formed_on, item_code"
        return [row["subject"] for row in await self.rows.fetch(query, unit)]
