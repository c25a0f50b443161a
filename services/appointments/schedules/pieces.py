"""Large work in pieces, so that a process goes on answering others meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

PIECE = 250
T = TypeVar("T")


async def in_pieces(many: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """Some hundreds at a time; whatever else is ready is done before the next."""
    for first in range(0, len(many), PIECE):
        yield many[first : first + PIECE]
        await asyncio.sleep(0)
