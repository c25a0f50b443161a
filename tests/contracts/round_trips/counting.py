"""Counts what a service asks the database for each request, at the driver, whoever asks.

One round trip is one wait for the server: a statement, and BEGIN, COMMIT or the ping of a pool as
well. Describing a statement or a type that a connection does not know yet is none, for it happens
once; nor is what the process remembers (`shared.cache`), nor what it does after the answer left.
Where another was faster and all is decided anew, the last try counts.
"""

import json
import os
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

FILE = "ONEDOOR_ROUND_TRIPS"
"""Names the file that each request adds its line to."""
START = Path(__file__).parent / "start"
"""In PYTHONPATH, it makes every service of a system count."""
SQL_SHOWN = 160
ABOUT_TYPES = ("SELECT current_setting('jit')", "WITH RECURSIVE typeinfo_tree")
"""How the driver learns a type that a connection has not seen yet."""

_asked: ContextVar[list[str] | None] = ContextVar("asked", default=None)


class Counted(NamedTuple):
    """What one service asked for one request."""

    request_id: str
    statements: list[str]


def read(file: Path) -> dict[str, list[str]]:
    """The statements of each request, of whichever services."""
    found: dict[str, list[str]] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        counted = Counted(**json.loads(line))
        found.setdefault(counted.request_id, []).extend(counted.statements)
    return found


def install(file: Path) -> None:
    """From now on every request of this process adds its line to `file`."""
    _watch_the_driver()
    _watch_requests(file)
    _leave_out_memory()
    _leave_out_lost_tries()


def _watch_the_driver() -> None:
    from asyncpg.protocol import protocol

    def counted(name: str, said: Callable[[Any], str]) -> None:
        ask = getattr(protocol.Protocol, name)

        def asking(self: Any, *args: Any, **named: Any) -> Any:
            asked = _asked.get()
            if asked is not None:
                sql = " ".join(said(args[0] if args else next(iter(named.values()))).split())
                if not sql.startswith(ABOUT_TYPES):
                    asked.append(sql[:SQL_SHOWN])
            return ask(self, *args, **named)

        setattr(protocol.Protocol, name, asking)

    counted("query", str)
    for name in ("bind_execute", "bind_execute_many", "bind", "execute"):
        counted(name, lambda state: str(state.query))
    for name in ("copy_in", "copy_out"):
        counted(name, str)


def _watch_requests(file: Path) -> None:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    run = RequestResponseCycle.run_asgi

    async def running(self: Any, app: Any) -> None:
        asked: list[str] = []
        _asked.set(asked)
        headers = dict(self.scope["headers"])
        name = headers.get(b"x-request-id", b"").decode()
        try:
            await run(self, app)
        finally:
            line = json.dumps(Counted(name, asked)._asdict()) + "\n"
            with file.open("a") as out:
                out.write(line)

    RequestResponseCycle.run_asgi = running  # type: ignore[method-assign]


def _leave_out_memory() -> None:
    from shared.cache import Cache

    get = Cache.get

    async def remembered(self: Any, key: Any, ask: Callable[[], Awaitable[Any]]) -> Any:
        async def asking() -> Any:
            _asked.set(None)
            return await ask()

        return await get(self, key, asking)

    Cache.get = remembered  # type: ignore[method-assign]


def _leave_out_lost_tries() -> None:
    from shared.web import routing

    answer, may_try_again = routing._in_transaction, routing._may_try_again

    async def answering(handle: Any, request: Any) -> Any:
        request.state.asked_before = len(_asked.get() or ())
        return await answer(handle, request)

    def trying_again(request: Any, error: Exception, *, is_first: bool) -> bool:
        may = may_try_again(request, error, is_first=is_first)
        if may and (asked := _asked.get()) is not None:
            del asked[request.state.asked_before :]
        return may

    routing._in_transaction = answering
    routing._may_try_again = trying_again


def install_if_asked() -> None:
    """For services of a system that was started to be counted."""
    if FILE in os.environ:
        install(Path(os.environ[FILE]))
