"""Events are recorded few at a time: they are judged one after the other in any case.

Those that wait in this process hold no connection meanwhile, or a handful of them would leave none
for others, and whoever comes after would be sent away although each takes only a moment.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends

from shared.database.engine import memory_of
from shared.security.identity import Caller
from shared.web.dependencies import Direct, allow

AT_A_TIME = 2
"""One is judged while the next one is read and checked."""


@dataclass
class Door:
    """Lets a few recorders of this process through, in the order in which they came."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))


async def _let_through(
    direct: Direct, caller: Annotated[Caller, allow("officer", "system", "admin")]
) -> AsyncIterator[Caller]:
    async with memory_of(direct, Door).places:
        yield caller


# scope="function": the next one begins after this one is committed.
Recorder = Annotated[Caller, Depends(_let_through, scope="function")]
"""The caller who may record an event now."""
