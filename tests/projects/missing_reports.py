"""What is reported missing of a unit and a project of a test's own, and what is answered."""

import json
from datetime import datetime
from typing import Any

import httpx

from services.projects.reported_missing import handlers
from services.projects.reported_missing.contracts import (
    DutyMoved,
    MissingReported,
    OrderMoved,
    PublicationSeen,
)
from shared.clock import SHANGHAI
from shared.messaging.events import Envelope
from tests.conftest import Headers
from tests.projects import make
from tests.projects.test_reports import inside
from tests.support import Databases

ITEM, CHECKS = "MP-02-01", "/api/v1/disclosure-checks"
REPORTED_AT = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)


class Place:
    """A unit and a project of a test's own, what is reported of them, and what is answered."""

    def __init__(
        self, client: httpx.AsyncClient, as_: Headers, databases: Databases, rows: Any
    ) -> None:
        self.client, self.as_, self.databases, self.rows = client, as_, databases, rows
        self.unit = self.project = ""

    async def report(self, times: int = 1, **others: str | None) -> None:
        named = {"project_code": self.project, "item_code": ITEM, "department_code": self.unit}
        event = MissingReported(**(named | others), reported_at=REPORTED_AT)
        for _ in range(times):
            await self.deliver(handlers.take_report, event)

    async def record(self, on: str | None) -> dict[str, Any]:
        body = make.event(self.project, self.unit, on)
        return await make.duty(self.client, self.as_("system"), body)

    async def moved(self, kind: type[DutyMoved | OrderMoved] = PublicationSeen) -> None:
        """A duty of this project and unit moved, as its event says."""
        event = kind(project_code=self.project, item_code=ITEM, unit_code=self.unit)
        await self.deliver(handlers.look_again, event)

    async def deliver(self, handle: Any, event: Any) -> None:
        envelope: Envelope[Any] = Envelope(source="urn:test", type=event.type, data=event)
        await inside(self.databases, lambda session: handle(session, envelope))

    async def check(self, **others: str | None) -> dict[str, Any]:
        asked = {"unit": self.unit, **others}
        found = await self.client.get(CHECKS, params=asked, headers=self.as_("auditor"))
        [one] = found.json()["items"]
        return dict(one)

    async def answers(self) -> list[dict[str, Any]]:
        subject = f"projects.disclosure_check.answered.v1.{self.unit}"
        query = "SELECT body FROM outbox WHERE subject = $1 ORDER BY position"
        return [json.loads(row["body"])["data"] for row in await self.rows.fetch(query, subject)]
