"""A unit with a duty that is overdue, ordered to be put right: what the tests of orders share."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import observing
from services.projects.duties.rules import Sighting
from services.projects.rectification import settling
from shared.clock import now
from shared.database.engine import Sessions
from shared.ids import new_id
from tests.projects import make
from tests.projects.judged_elsewhere import Work
from tests.support import Connect

Headers = Callable[..., dict[str, str]]
PATH = "/api/v1/rectifications"
AUDITORS = ("auditor-a", "auditor-b", "auditor-c")
REPLY = {"kind": "address", "url": "https://example.invalid/new.htm", "text": "已公开"}


class Case:
    """A duty of a unit of its own, and what its officer and three auditors do about it."""

    def __init__(
        self, client: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
    ) -> None:
        self.client, self.as_, self.sql, self.sessions = client, as_, sql, sessions
        self.unit, self.duty, self.order = "", dict[str, Any](), dict[str, Any]()

    @property
    def officer(self) -> dict[str, str]:
        return self.as_("officer", self.unit, sub=f"officer-{self.unit}")

    def auditor(self, which: int = 0) -> dict[str, str]:
        return self.as_("auditor", sub=AUDITORS[which])

    async def rows(self) -> asyncpg.Connection:
        """The tables, to look at and to change what only time changes."""
        return await self.sql("projects")

    async def inside(self, work: Work) -> Any:
        """`work(session)` in a transaction of the service."""
        async with self.sessions() as session, session.begin():
            return await work(session)

    async def formed(self, on: str = "2026-03-02") -> None:
        """A duty whose limit is over."""
        rows = await self.rows()
        self.unit, project = await make.unit(rows), await make.project(rows)
        body = make.event(project, self.unit, on)
        self.duty = await make.duty(self.client, self.as_("system"), body)

    async def overdue(self, on: str = "2026-03-02") -> None:
        """A duty that was proven absent after its limit."""
        await self.formed(on)
        await self.overdue_now()

    async def overdue_now(self) -> None:
        """The duty was proven absent after its limit."""
        await self.inside(
            lambda session: observing.note_full_walk(
                session, [self.unit], now(), now(), actor="test"
            )
        )

    async def seen(self, url: str = "new", **others: Any) -> None:
        """The collector sees a page of the duty."""
        sighting = Sighting(
            duty_id=UUID(self.duty["id"]),
            url=f"https://example.gov.cn/{url}.htm",
            observed_at=others.pop("observed_at", now()),
            **others,
        )
        await self.inside(
            lambda session: observing.record_sightings(session, [sighting], now(), actor="test")
        )

    async def ask(self, which: int = 0, **others: Any) -> httpx.Response:
        """An auditor orders the unit to put it right."""
        body = {"duty_id": self.duty["id"], "demand": "请限期公开并回复网址", **others}
        return await self.client.post(PATH, json=body, headers=self.auditor(which))

    async def ordered(self, **others: Any) -> dict[str, Any]:
        answer = await self.ask(**others)
        assert answer.status_code == 201, answer.text
        self.order = answer.json()
        return self.order

    async def act(
        self, action: str, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        """A step of the order: by the officer, or by whom the headers name."""
        path = f"{PATH}/{self.order['id']}/{action}"
        return await self.client.post(path, json=body, headers=headers or self.officer)

    async def reply(self, **others: Any) -> httpx.Response:
        return await self.act("reply", **(REPLY | others))

    async def end(self, action: str, which: int, **others: Any) -> httpx.Response:
        """An auditor closes or revokes it, or proposes to."""
        return await self.act(action, self.auditor(which), **({"reason": "情况属实"} | others))

    async def read(self) -> dict[str, Any]:
        """The order as it stands."""
        path = f"{PATH}/{self.order['id']}"
        answer = await self.client.get(path, headers=self.as_("supervisor"))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def settled(self) -> dict[str, Any]:
        """The order, after what is known of duties was looked at."""
        await self._looked_at(settling.settle)
        return await self.read()

    async def _looked_at(self, watch: Callable[[AsyncSession, datetime], Awaitable[int]]) -> None:
        """Watches until it was the order's turn: what somebody else holds, or many others, such as
        a judgement of all duties or what tests before have left, come first."""
        rows = await self.rows()
        query = """
            SELECT o.looked_at = s.version OR coalesce(o.closing, '') <> before.closing
            FROM rectification_order o JOIN standing s ON s.duty_id = o.duty_id,
              (SELECT $2::text AS closing) before WHERE o.id = $1"""
        before = (await self.read())["closing"] or ""
        is_its_watch = bool(before) == (watch is settling.look_again)
        for _ in range(20):
            await self.inside(lambda session: watch(session, now()))
            looked = await rows.fetchval(query, UUID(self.order["id"]), before)
            if looked or not is_its_watch:
                return
            await asyncio.sleep(0.05)

    async def left_alone(self, *, unheard: bool = False) -> dict[str, Any]:
        """The order, a day after its last day and a watch over all orders. `unheard`: no auditor
        has looked at what waits for them in their term either."""
        rows = await self.rows()
        sql = "UPDATE rectification_order SET due_on = $2 WHERE id = $1"
        past = (now() - timedelta(days=2)).date()
        await rows.execute(sql, UUID(self.order["id"]), past)
        if unheard:
            sql = "UPDATE rectification_order SET review_due_on = $2 WHERE id = $1"
            await rows.execute(sql, UUID(self.order["id"]), past)
        await self._until_free()
        await self.inside(lambda session: settling.escalate(session, now()))
        return await self.read()

    async def _until_free(self) -> None:
        """Waits a moment for whoever holds the order, or judges its duty: a watch passes it over
        then."""
        rows = await self.rows()
        held = "SELECT FROM rectification_order o JOIN standing s USING (duty_id) WHERE o.id = $1"
        try:
            async with rows.transaction():
                await rows.execute("SET LOCAL lock_timeout = '1s'")
                await rows.execute(f"{held} FOR UPDATE", UUID(self.order["id"]))
        except asyncpg.LockNotAvailableError:
            return

    async def taken_back(self, url: str = "new") -> None:
        """People say that the page is not of the duty."""
        page = (UUID(self.duty["id"]), f"https://example.gov.cn/{url}.htm")
        await self.inside(
            lambda session: observing.take_back(session, [page], [], now(), actor="test")
        )

    async def looked_at_again(self) -> dict[str, Any]:
        """The order, after those that were closed by proof were looked at again."""
        await self._looked_at(settling.look_again)
        return await self.read()

    async def published(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of the order's events of that kind."""
        rows = await self.rows()
        found = await rows.fetch(
            "SELECT convert_from(body, 'UTF8')::json->'data' AS data FROM outbox"
            " WHERE subject = $1 ORDER BY position",
            f"projects.rectification.{kind}.v1.{self.unit}",
        )
        return [json.loads(row["data"]) for row in found]


NOBODY = str(new_id())
