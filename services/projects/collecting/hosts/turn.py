"""A host's turn for a moment: for who tries a rule there between two walks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from services.projects.collecting.hosts import queries
from shared.database.engine import Sessions
from shared.errors import Conflict, Text

LOOKS_EVERY = 0.2


class HostBusy(Conflict):
    type = "/problems/host-busy"
    title = Text("该网站正在被采集", "This site is being read")
    advice = Text(
        "同一网站不同时读两次，请过几分钟再试；也可以在已有存证上试读",
        "A site is not read by two at once; please try again in a few minutes, or on captures",
    )


@asynccontextmanager
async def turn(
    sessions: Sessions, host: str, *, lasts: float, patience: float, pause: Callable[[], float]
) -> AsyncIterator[None]:
    """The host for at most `lasts` seconds, as soon as nobody walks on it; `pause()` seconds after
    it others may ask it. Whoever dies meanwhile keeps it for no longer.

    Raises HostBusy after `patience` seconds. Nothing of the database is held meanwhile.
    """
    if not await _take(sessions, host, lasts, patience):
        raise HostBusy
    try:
        yield
    finally:
        async with sessions() as session, session.begin():
            await queries.end_turn(session, host, pause())


async def _take(sessions: Sessions, host: str, lasts: float, patience: float) -> bool:
    clock = asyncio.get_running_loop().time
    until = clock() + patience
    while True:
        async with sessions() as session, session.begin():
            if await queries.take_turn(session, host, lasts):
                return True
        if clock() >= until:
            return False
        await asyncio.sleep(LOOKS_EVERY)
