"""Whoever was overtaken takes their next try in a line with others of whom the same was asked.

Of many who change one thing at a moment one wins each time: decided anew at once by all, each of
the others but one would decide in vain again, and the last be sent away. In a line each is decided
on what the one before has left. It only spares tries: the statement guards what is written, against
other processes as well.
"""

import asyncio
from contextlib import AsyncExitStack, suppress

from fastapi import Request

from shared.cache import Cache
from shared.database.engine import DirectPool, memory_of

MOST = 1_000
SECONDS = 1.0
"""How long one stands in it: then it is tried all the same."""


class _Lines(Cache[str, asyncio.Lock]):
    """Of the addresses that were asked last."""

    def __init__(self) -> None:
        super().__init__(most=MOST)


async def stand_in_line(request: Request, until_done: AsyncExitStack) -> None:
    """Waits for those before, and keeps those behind waiting until it is done."""
    direct: DirectPool = request.state.direct
    lines, address = memory_of(direct, _Lines), request.scope["path"]
    line = lines.peek(address)
    if line is None:
        line = asyncio.Lock()
        lines.put(address, line)
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            await until_done.enter_async_context(line)
