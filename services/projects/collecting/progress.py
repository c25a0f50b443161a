"""How a run goes on, as it happens: server-sent events, each with all that is known of the run."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from starlette.responses import StreamingResponse

from services.projects.collecting import queries
from services.projects.collecting.schemas import RunView
from services.projects.collecting.workflow import RUNS
from shared.database.engine import Sessions

LOOKS_EVERY = 0.5
HEARTBEAT_SECONDS = 5.0
LASTS_SECONDS = 20.0
"""A stream keeps a place at the service: it ends soon, and whoever reads it asks again."""

RETRY = b"retry: 1000\n\n"
HEARTBEAT = b": heartbeat\n\n"


class ProgressAnswer(StreamingResponse):
    """What the route returns."""

    media_type = "text/event-stream"

    def __init__(self, sessions: Sessions, run: RunView) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_events(sessions, run), headers=headers)


async def _events(sessions: Sessions, run: RunView) -> AsyncIterator[bytes]:
    """The run as it is, then whenever it has gone on, until it has ended.

    Between two looks nothing of the database is held.
    """
    yield RETRY + frame("progress", run)
    sent_at = began = asyncio.get_running_loop().time()
    while not is_over(run) and (now := asyncio.get_running_loop().time()) - began < LASTS_SECONDS:
        await asyncio.sleep(LOOKS_EVERY)
        seen = await _look(sessions, run.id)
        if seen is not None and seen != run:
            run, sent_at = seen, now
            yield frame("progress", run)
        elif now - sent_at >= HEARTBEAT_SECONDS:
            sent_at = now
            yield HEARTBEAT
    if is_over(run):
        yield frame("end", run)


def is_over(run: RunView) -> bool:
    """Whether nothing becomes of it any more."""
    return run.state in RUNS.ends


def frame(event: str, run: RunView) -> bytes:
    """One server-sent event; its id says how far the run had come."""
    name = f"id: {run.version}-{run.pages}-{run.details}\nevent: {event}\n"
    return f"{name}data: {run.model_dump_json()}\n\n".encode()


async def _look(sessions: Sessions, run_id: UUID) -> RunView | None:
    async with sessions() as session:
        found = await queries.run(session, run_id)
        return None if found is None else RunView.model_validate(found)
