"""Actions that are begun while another one has the turn of those who judge."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from tests.projects.collecting_world import Desk
from tests.waiting import until_it_waits

Work = Callable[[AsyncSession], Awaitable[Any]]
Action = Callable[[], Awaitable[httpx.Response]]


async def driver_connection(session: AsyncSession) -> Any:
    """The driver's own connection, in the session's transaction."""
    raw = await (await session.connection()).get_raw_connection()
    return raw.driver_connection


async def while_somebody_judges(desk: Desk, work: Work, *actions: Action) -> list[httpx.Response]:
    """The answers to actions that wait, in their order, for who does `work` in their turn."""
    begun: list[asyncio.Task[httpx.Response]] = []
    async with desk.sessions() as session, session.begin():
        await auditing.take_turn(session)
        connection = await driver_connection(session)
        for many, action in enumerate(actions, 1):
            begun.append(asyncio.ensure_future(action()))
            await until_it_waits(connection, begun[-1], many)
        await work(session)
    return list(await asyncio.gather(*begun))


async def nothing(_: AsyncSession) -> None:
    """Who has the turn may also change nothing."""
