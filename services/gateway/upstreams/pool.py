"""Kept connections to one upstream, newest first."""

import asyncio
import contextlib
import ssl
from collections import deque
from urllib.parse import urlsplit

from services.gateway.upstreams.http1 import Connection

CONNECT_SECONDS = 0.5
KEPT_SECONDS = 4.0
"""Below the 5 s after which uvicorn closes an idle connection, so that we rarely meet that end."""
KEPT_CONNECTIONS = 128


class CannotConnect(Exception):
    """Nobody listens there, or not in time."""


class Pool:
    """Connections to the upstream at `base`, an http or https address without a path."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an http(s) address: {base!r}")
        self._host, self._tls = parts.hostname, parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._idle: deque[Connection] = deque()
        self._making: asyncio.Task[None] | None = None
        self.authority = parts.netloc.rpartition("@")[2].encode("ascii")

    async def fresh(self) -> Connection:
        """A new connection. Raises CannotConnect."""
        loop = asyncio.get_running_loop()
        context = ssl.create_default_context() if self._tls else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    Connection, self._host, self._port, ssl=context
                )
        except (OSError, TimeoutError) as error:
            raise CannotConnect(type(error).__name__) from error
        return connection

    @property
    def has_kept(self) -> bool:
        """Whether there is an idle connection that still stands."""
        oldest = asyncio.get_running_loop().time() - KEPT_SECONDS
        while self._idle:
            connection = self._idle[-1]
            if connection.is_open and connection.idle_since > oldest:
                return True
            self._idle.pop().abort()
        return False

    def kept(self) -> Connection | None:
        """An idle connection that still stands, the one used last; None if there is none."""
        return self._idle.pop() if self.has_kept else None

    def give_back(self, connection: Connection) -> None:
        """Keeps the connection if its answer was read to the end; cuts it otherwise."""
        if connection.is_reusable and len(self._idle) < KEPT_CONNECTIONS:
            self._keep(connection)
        else:
            connection.abort()

    def make_another(self) -> None:
        """Makes one more ready beside, unless one is on its way: the next in such a crowd finds it
        idle. Who takes the first that is given back never makes more of them."""
        if self._making is None or self._making.done():
            self._making = asyncio.get_running_loop().create_task(self._make())

    async def _make(self) -> None:
        with contextlib.suppress(CannotConnect):  # whoever needs one finds out
            self._keep(await self.fresh())

    def _keep(self, connection: Connection) -> None:
        connection.idle_since = asyncio.get_running_loop().time()
        connection.was_kept = True
        self._idle.append(connection)

    def close(self) -> None:
        if self._making is not None:
            self._making.cancel()
        while self._idle:
            self._idle.pop().abort()
