"""A server in the loop of the tests that ends at once: uvicorn's own looks ten times a second
whether it is to end, and waits as long again for those whom it told."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

LOOPBACK = "127.0.0.1"


class PromptServer(uvicorn.Server):
    """Serves until `end` is called."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._end = asyncio.Event()

    def end(self) -> None:
        """Takes nothing more, and ends as soon as what is being answered is answered."""
        self._end.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for taken in sockets or ():
            taken.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if not self.force_exit:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                await self._wait_tasks_to_complete()
            await self.lifespan.shutdown()


@asynccontextmanager
async def serving(app: Any, **how: Any) -> AsyncIterator[tuple[PromptServer, str]]:
    """The server of `app`, with uvicorn's options, on a free port of loopback; and its address."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        server = PromptServer(uvicorn.Config(app, access_log=False, **how))
        task = asyncio.create_task(server.serve(sockets=[taken]))
        while not server.started:
            if task.done():
                task.result()
                raise AssertionError("the server did not start")
            await asyncio.sleep(0)
        try:
            yield server, f"http://{LOOPBACK}:{taken.getsockname()[1]}"
        finally:
            server.end()
            await task
