"""Few connections: a pool for transactions, and one for hot single statements."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import ExceptionContext, event, make_url, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.ext.asyncio import AsyncSession as CoreAsyncSession  # noqa: TID251
from sqlalchemy.orm import Session as CoreSession
from sqlmodel import Session as ModelSession
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.faults import gave_way, is_unsent
from shared.database.kept_connections import KeptConnections, is_open
from shared.settings import Settings

CONNECT_SECONDS = 3
COMMAND_SECONDS = 6
DIRECT_WAIT_SECONDS = 2
"""How long a statement waits for a connection: longer than the gateway for an answer (1.8 s)."""
CLOSE_SECONDS = 3
LONGEST_WAIT_SECONDS = 10
"""How long a transaction waits for one that nobody gives up before: a request's caller does."""
RETRIES = 2

GUARDS = {
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "10000",
    "timezone": "UTC",
}
"""No statement, lock or forgotten transaction may hold others up for long (milliseconds).

Behind PgBouncer in transaction mode they are the role's (`deploy.postgres`): it takes few settings
at the start of a connection, and what one sets in a session there is another's next.
"""
_PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan"}
"""For hot statements, which find their rows by keys: any values have the same plan. Left to itself
the server plans a long one anew each time, because no values seem better for it than these: half of
its work on a ticket."""
_UNGUARDED = text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS asked (name)"
    " WHERE current_setting(name) = '0' ORDER BY name"
)

Sessions = async_sessionmaker[AsyncSession]
T = TypeVar("T")

_MEMORY = "memory"
_READS = "reads"


class RoomSyncSession(ModelSession):
    execute = CoreSession.execute


@event.listens_for(RoomSyncSession, "before_flush")
def _ensure_writes(session: CoreSession, *_: Any) -> None:
    if session.info.get(_READS) and (session.new or session.dirty or session.deleted):
        raise RuntimeError("a reading writes: ask for AuditedReading")


class RoomSession(AsyncSession):
    """SQLModel's session, whose `execute` is SQLAlchemy's own.

    SQLModel deprecates `execute` in favour of `exec`, which is for models; statements written as
    `text()`, which rooms have on purpose, go through `execute`.
    """

    sync_session_class = RoomSyncSession
    execute = CoreAsyncSession.execute


def new_engine(settings: Settings, name: str) -> AsyncEngine:
    """The engine for ordinary transactions, with a fixed pool.

    A connection that is known to be closed is replaced when it is taken. It is not asked whether it
    lives: that would be a round trip for each request, and who loses one is tried again anyhow.
    """
    url = make_url(settings.database_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=LONGEST_WAIT_SECONDS,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": COMMAND_SECONDS,
            # SQLAlchemy keeps statements besides asyncpg.
            "prepared_statement_cache_size": settings.statement_cache_size,
            **_session(settings, name),
        },
    )
    event.listen(engine.sync_engine, "checkout", _ensure_open)
    event.listen(engine.sync_engine, "handle_error", _end_unsent)
    return engine


def _end_unsent(context: ExceptionContext) -> None:
    """Else it is the next one on this connection whose time is over before it begins."""
    if context.connection is not None and is_unsent(context.original_exception):
        connection: Any = context.connection.connection.dbapi_connection
        connection.run_async(end_unsent)


async def end_unsent(connection: asyncpg.Connection) -> None:
    """Tells the server that what it was told of a statement was all; see `is_unsent`."""
    with suppress(asyncpg.PostgresError):
        await connection.execute("SELECT")


def _ensure_open(connection: Any, *_: Any) -> None:
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _session(
    settings: Settings, name: str, hot: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """What a connection is started with; behind PgBouncer it may not be the same server's for two
    transactions, so that nothing is set and no statement is kept."""
    guards = {} if settings.is_pooled_outside else {**GUARDS, **hot}
    return {
        "statement_cache_size": settings.statement_cache_size,
        "server_settings": {**guards, "application_name": name},
    }


async def unguarded(session: CoreAsyncSession) -> list[str]:
    """The limits of `GUARDS` that this connection works without: the role was not given them."""
    limits = [name for name in GUARDS if name.endswith("_timeout")]
    return list((await session.execute(_UNGUARDED, {"names": limits})).scalars())


Memory = dict[type, Any]


def new_sessions(engine: AsyncEngine, memory: Memory | None = None) -> Sessions:
    """The factory of the process's sessions, which share one memory (`memory_of`)."""
    info = {_MEMORY: {} if memory is None else memory}
    return async_sessionmaker(engine, class_=RoomSession, expire_on_commit=False, info=info)


def new_readings(engine: AsyncEngine, memory: Memory) -> Sessions:
    """The factory of sessions that only read: each statement for itself, without BEGIN and COMMIT.

    No transaction of ours is of a level that would show two statements one moment.
    """
    info = {_MEMORY: memory, _READS: True}
    reading = engine.execution_options(isolation_level="AUTOCOMMIT")
    return async_sessionmaker(reading, class_=RoomSession, expire_on_commit=False, info=info)


def is_exhausted(sessions: Sessions) -> bool:
    """Whether a session of these would wait for its connection."""
    pool: Any = sessions.kw["bind"].pool
    return bool(pool.checkedout() >= pool.size())


def ensure_transaction(session: CoreAsyncSession) -> None:
    """Raises RuntimeError in a session that only reads: what is written there is not undone."""
    if session.info.get(_READS):
        raise RuntimeError("a reading writes: ask for AuditedReading")


class DirectPool:
    """Raw asyncpg connections for hot paths that are one statement each, in autocommit.

    The pool's reset query is off (it costs a third of the throughput), so a statement must leave
    no session state behind.
    """

    def __init__(self, settings: Settings, name: str, wake: Any) -> None:
        self._settings, self._name = settings, name
        self._kept: KeptConnections | None = None
        self._opening = asyncio.Lock()
        self.memory: Memory = {}
        self.wake = wake

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Rows of one statement; a deadlock or a lost serialisation is tried again at once."""
        for attempt in range(RETRIES + 1):
            kept, is_well = self._kept or await self._open(), False
            connection = await kept.take()
            try:
                rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
                is_well = True
                return rows
            except asyncpg.PostgresError as error:
                if is_unsent(error):
                    await end_unsent(connection)
                is_well = is_open(connection)
                if attempt == RETRIES or not gave_way(error):
                    raise
            finally:
                await kept.give_back(connection, is_well=is_well)
        raise AssertionError("unreachable")

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetchrow(sql, *args)
        return row[0] if row else None

    async def execute(self, sql: str, *args: Any) -> None:
        await self.fetch(sql, *args)

    async def close(self) -> None:
        if self._kept is not None:
            await self._kept.close(CLOSE_SECONDS)

    async def _open(self) -> KeptConnections:
        most = self._settings.direct_pool_size
        async with self._opening:
            if self._kept is None:
                pool = await asyncpg.create_pool(
                    make_url(self._settings.database_url)
                    .set(drivername="postgresql")
                    .render_as_string(hide_password=False),
                    min_size=0,
                    max_size=most,
                    reset=_leave_as_is,
                    timeout=CONNECT_SECONDS,
                    command_timeout=COMMAND_SECONDS,
                    **_session(self._settings, f"{self._name}-direct", _PLANNED_ONCE),
                )
                self._kept = KeptConnections(pool, most, DIRECT_WAIT_SECONDS)
        return self._kept


async def _leave_as_is(_: Any) -> None:
    """Instead of asyncpg's RESET ALL after every use."""


def memory_of(source: CoreAsyncSession | DirectPool, kind: type[T]) -> T:
    """What this process remembers under `kind`, made at its first use.

    It lives as long as the application's connections, so that two applications in one process, as
    in the tests, share nothing. It holds what may be read anew, never a truth.
    """
    if isinstance(source, DirectPool):
        memory = source.memory
    else:
        memory = source.info.setdefault(_MEMORY, {})
    if kind not in memory:
        memory[kind] = kind()
    return memory[kind]  # type: ignore[no-any-return]


def on_rollback(session: CoreAsyncSession, undo: Callable[[], None]) -> None:
    """Undo what the transaction remembered in the process, should it be rolled back."""
    event.listen(session.sync_session, "after_rollback", lambda _: undo(), once=True)
