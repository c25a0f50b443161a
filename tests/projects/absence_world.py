"""A unit with its project, its portals and its duty, to be set up in any order."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from services.projects.collecting.models import CollectorRun
from shared import clock
from shared.workdays import official
from tests.conftest import Headers
from tests.projects import make
from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing
from tests.support import connect

ITEM = "MP-02-01"
NAMES_ITEM: Mapping[str, Any] = {"item_code": ITEM, "columns": [], "words": ["建议书"]}


def long_ago(working_days: int = 30) -> date:
    """So many working days ago: a limit of 20 is over by ten."""
    day, left = clock.today(clock.now()), working_days
    while left:
        day -= timedelta(days=1)
        left -= official().is_workday(day)
    return day


@dataclass
class World:
    """What happens is asked for over the API; `served` is what the portal shows."""

    desk: Desk
    as_: Headers
    served: UnrulyPortal
    address: str
    unit: str
    project: str = field(default_factory=make.project_code)
    name: str = field(default_factory=lambda: f"第{uuid4().int % 10**9}号跨江大桥工程")
    portals: list[str] = field(default_factory=list)
    version: int = 0

    async def register(self, **changes: Any) -> None:
        """Register the project, or change it."""
        body = {"name": self.name, "approval_kind": "examine", "scope_basis": "测试"} | changes
        path = f"/api/v1/projects/{self.project}"
        body |= {"version": self.version} if self.version else {}
        answer = await self.desk.client.put(path, json=body, headers=self.as_("admin", "*"))
        assert answer.status_code in (200, 201), answer.text
        self.version = answer.json()["version"]

    async def record(self, **others: Any) -> str:
        """Record the event; the id of its duty."""
        body = make.event(self.project, self.unit, **{"on": long_ago(), **others})
        duty = await make.duty(self.desk.client, self.as_("officer", self.unit), body)
        return str(duty["id"])

    async def open(
        self,
        path: str = "/list",
        *,
        pager: Mapping[str, Any] | None = None,
        items: tuple[Mapping[str, Any], ...] = (NAMES_ITEM,),
    ) -> str:
        """Register a portal of the unit; its id."""
        portal_id = f"t-{uuid4().hex[:10]}"
        rule = {"list": {"rows": "li", "date": "span"}, "items": list(items)}
        rule |= {"pager": dict(pager)} if pager else {}
        await self.desk.portal(portal_id, self.address + path, self.unit, rule)
        self.portals.append(portal_id)
        return portal_id

    def publish(
        self,
        title: str | None = None,
        *,
        at: str = "/a",
        claimed_on: date | None = None,
        text: str = "",
        code: str | None = "",
        listed: bool = True,
    ) -> None:
        """A page of the project, and a list that shows it alone. `code` None: it bears none."""
        title = title or f"{self.name}建议书批复"
        day = claimed_on or long_ago() + timedelta(days=3)
        bears = "" if code is None else f"<p>项目统一代码：{code or self.project}</p>"
        self.served.pages[at] = (
            f'<meta name="PubDate" content="{day} 09:00"><h1>{title}</h1>{bears}<p>{text}</p>'
        )
        if listed:
            self.served.pages["/list"] = listing(f"{at}|{title}|{day}")

    def publish_nothing(self) -> None:
        """A list of something else."""
        self.publish("关于召开会议的通知", at="/meeting", code=None)

    async def walk(self, times: int = 1) -> list[CollectorRun]:
        """Walk every portal so often, each page asked for again; the runs."""
        return [await self._walk(portal_id) for _ in range(times) for portal_id in self.portals]

    async def _walk(self, portal_id: str) -> CollectorRun:
        await self.desk.do(
            "UPDATE portal_page SET checked_at = checked_at - interval '2 days'"
            " WHERE portal_id = :id",
            id=portal_id,
        )
        return await self.desk.collect(portal_id)

    async def verdict(self, duty: str) -> str:
        sql = "SELECT verdict FROM standing WHERE duty_id = CAST(:id AS uuid)"
        (row,) = await self.desk.rows(sql, id=duty)
        return str(row["verdict"])

    async def queue(self) -> list[dict[str, Any]]:
        """What waits for a person."""
        return await self.matches("review")

    async def matches(self, state: str) -> list[dict[str, Any]]:
        answer = await self.desk.client.get(
            f"/api/v1/matches?state={state}&unit={self.unit}", headers=self.as_("auditor", "*")
        )
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def decide_by_two(self, decision: str) -> None:
        """Two auditors say so, one after the other, of the only match that waits."""
        for sub in ("auditor-a", "auditor-b"):
            [match] = await self.queue()
            await self.decide(match, decision, sub)

    async def decide(
        self,
        match: Mapping[str, Any],
        decision: str,
        sub: str = "auditor-a",
        *,
        status: int = 200,
    ) -> dict[str, Any]:
        """What an auditor is answered who accepts or rejects a match."""
        answer = await self.desk.client.post(
            f"/api/v1/matches/{match['id']}/{decision}",
            json={"version": match["version"]},
            headers=self.as_("auditor", "*", sub=sub),
        )
        assert answer.status_code == status, answer.text
        return dict(answer.json())


@asynccontextmanager
async def new_world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    """A world with a unit and a served portal, and nothing registered yet."""
    url = desk.engine_url.set(drivername="postgresql").render_as_string(hide_password=False)
    owner: asyncpg.Connection = await connect(url)
    unit = await make.unit(owner)
    await owner.close()
    served = UnrulyPortal()
    async with serving(served) as address:
        world = World(desk, as_, served, address, unit)
        world.publish_nothing()
        yield world
