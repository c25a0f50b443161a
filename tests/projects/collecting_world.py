"""What the collecting tests stand on: a database, a collector, and portals served on loopback."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.projects.collecting import service as collecting
from services.projects.collecting.models import CollectorRun, RunKind
from services.projects.collecting.running import Collector
from services.projects.evidence.files import EvidenceFiles
from services.projects.fetching.fetcher import Limits
from services.projects.matching.service import match_pages
from services.projects.portals import service as portals
from services.projects.portals.schemas import PortalWrite
from services.projects.reading.readers import rule_of
from shared.clock import now as clock_now
from shared.database.engine import Sessions
from tests import prompt_server

PLAIN_RULE: Mapping[str, Any] = {"list": {"rows": "li", "date": "span"}}

PATIENT = Limits(
    connect_seconds=60, read_seconds=60, total_seconds=120, interval_seconds=0, body_bytes=300_000
)
"""A busy machine is slow, and that is no fault of a portal."""


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """The address of `app`, served over real HTTP on loopback in this event loop."""
    async with prompt_server.serving(app, log_level="critical", lifespan="off") as (
        server,
        address,
    ):
        yield address
        server.force_exit = True


@dataclass
class Desk:
    """A database of the projects service with a collector at hand, and its API."""

    sessions: Sessions
    folder: Path
    client: httpx.AsyncClient
    limits: Limits = PATIENT

    @property
    def engine_url(self) -> URL:
        engine: AsyncEngine = self.sessions.kw["bind"]
        return engine.url

    @property
    def files(self) -> EvidenceFiles:
        return EvidenceFiles(self.folder)

    @property
    def collector(self) -> Collector:
        return Collector(self.sessions, self.files, self.limits)

    async def portal(
        self, portal_id: str, url: str, unit: str = "C01", rule: Mapping[str, Any] = PLAIN_RULE
    ) -> None:
        """A portal of `unit` at a private address, with a rule."""
        wanted = PortalWrite(
            name=portal_id, unit_code=unit, start_url=url, allow_private=True, interval_ms=0
        )
        async with self.sessions() as session, session.begin():
            await session.execute(
                text(
                    "INSERT INTO responsible_unit (code, name, name_en, valid_from)"
                    " VALUES (:code, :code, '', '2000-01-01') ON CONFLICT DO NOTHING"
                ),
                {"code": unit},
            )
            await portals.put(session, portal_id, wanted, "test", clock_now())
        await self.rule(portal_id, rule)

    async def ask_for_no_gap(self) -> None:
        """Let two walks prove an absence however close they follow one another."""
        async with self.sessions() as session, session.begin():
            await portals.put_absence_policy(session, 0, 0, "test", clock_now())

    async def rule(self, portal_id: str, rule: Mapping[str, Any]) -> None:
        """Another rule for the portal."""
        async with self.sessions() as session, session.begin():
            await portals.add_rule(session, portal_id, rule_of(rule), "test", clock_now())
        # Only runs that a test orders: the schedule of other tests' portals stays out of it.
        await self.do("UPDATE portal SET next_run_at = now() + interval '9 days'")

    async def collect(self, portal_id: str, kind: RunKind = RunKind.FULL) -> CollectorRun:
        """Order a run, walk it to its end, match what it found; the run as it ended."""
        run_id = await self.order(portal_id, kind)
        await self.collector.work(clock_now())
        await self.match()
        return await self.run(run_id)

    async def order(self, portal_id: str, kind: RunKind = RunKind.FULL) -> UUID:
        async with self.sessions() as session, session.begin():
            return (await collecting.start_run(session, portal_id, kind, "test", clock_now())).id

    async def match(self, now: datetime | None = None) -> None:
        while True:
            async with self.sessions() as session, session.begin():
                if not await match_pages(session, now or clock_now()):
                    return

    async def run(self, run_id: UUID) -> CollectorRun:
        async with self.sessions() as session:
            return await collecting.run(session, run_id)

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        async with self.sessions() as session:
            return [*(await session.execute(text(sql), values)).mappings()]

    async def do(self, sql: str, **values: Any) -> None:
        async with self.sessions() as session, session.begin():
            await session.execute(text(sql), values)
