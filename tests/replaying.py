"""Sequences that a property plays by the dozen, each in a transaction that is never committed."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

Play = Callable[[AsyncEngine], Coroutine[Any, Any, None]]


@contextmanager
def replaying(url: str) -> Iterator[Callable[[Play], None]]:
    """Plays one after the other over one engine: what the first has prepared, the others need not
    prepare again."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        try:
            yield lambda play: runner.run(play(engine))
        finally:
            runner.run(engine.dispose())
