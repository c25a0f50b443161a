"""The feedback service beside the running one: its own database, no jobs, and a clock to set."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Sessions

Sign = Callable[..., dict[str, str]]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """`at("2026-11-23 09:00")` in Asia/Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


class Clock:
    """What the service takes for the present."""

    def __init__(self) -> None:
        self.now = at("2026-11-23 10:00")

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class IsolatedService:
    """Its API at `clock.now`, and transactions of its own on its database."""

    def __init__(
        self, client: httpx.AsyncClient, sessions: Sessions, clock: Clock, sign: Sign
    ) -> None:
        self.client, self.sessions, self.clock, self._sign = client, sessions, clock, sign

    async def run(self, work: Callable[..., Any], *args: Any) -> Any:
        """Do `work(session, *args, now)` and commit."""
        async with self.sessions() as session, session.begin():
            return await work(session, *args, self.clock.now)

    async def get(self, path: str, who: str, *places: str, **params: Any) -> httpx.Response:
        headers = self._sign(who, *places)
        return await self.client.get(f"/api/v1{path}", headers=headers, params=params)

    async def post(
        self,
        path: str,
        who: str | None = None,
        *places: str,
        sub: str | None = None,
        version: int | None = None,
        body: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """As somebody with the role `who` at `places`; None is anybody."""
        headers = self._sign(who, *places, sub=sub) if who else {}
        if version is not None:
            headers |= {"If-Match": f'"{version}"'}
        return await self.client.post(f"/api/v1{path}", headers=headers, json=body or {})


def new_code(prefix: str = "T") -> str:
    """A department or hall of one test alone."""
    return f"{prefix}-{uuid4().hex[:10].upper()}"


async def outbox(session: AsyncSession, event: Any, scope: str) -> list[dict[str, Any]]:
    """The data of the events of one kind that a department's scope has in the outbox, in order."""
    rows = await session.execute(
        text("SELECT body FROM outbox WHERE subject = :subject ORDER BY position"),
        {"subject": f"{event.type}.{scope}"},
    )
    return [json.loads(body)["data"] for body in rows.scalars()]


_MANY = text("""
    INSERT INTO deadline (id, subject_kind, subject_id, kind, department_code, region, state,
        version, policy_id, unit, n, extension_n, pauses, base_on, due_on, due_at, provisional,
        original_due_on, reminded, escalated_level, started_at, breached_at)
    SELECT gen_random_uuid(), 'letter', gen_random_uuid(), p.kind, :department, :region,
        CAST(:state AS varchar), 1, p.id, p.unit, p.n, 0, '[]', :base_on, :due_on, :due_at, false,
        :due_on, 0, 0, :started_at, NULL
    FROM deadline_policy p, generate_series(1, :count) WHERE p.kind = 'reply_consultation'
    AND p.region = 'CN'
""")


async def many_clocks(
    session: AsyncSession,
    count: int,
    department: str,
    *,
    due_on: str,
    state: str = "running",
    region: str = "CN",
) -> None:
    """Clocks of letters that began a week before they are due."""
    due = at(f"{due_on} 00:00")
    moments = {"due_at": due + timedelta(days=1), "started_at": due - timedelta(days=7)}
    due_day = date.fromisoformat(due_on)
    days = {"due_on": due_day, "base_on": due_day - timedelta(days=7)}
    shape = {"count": count, "department": department, "state": state, "region": region}
    await session.execute(_MANY, shape | moments | days)


async def all_of(work: Callable[..., Any], session: AsyncSession, moment: str) -> None:
    """Rounds of a sweep at a moment in Shanghai, until one finds nothing left to do."""
    while await work(session, at(moment)):
        pass
