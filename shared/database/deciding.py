"""A session for a use case that is one statement: it reads, and writes at its end.

Read, decide, swap, as `SwapStatement` does it, for rooms that read by models. Each reading stands
for itself, without a transaction and without locks. What is swapped (`versioned.swap`), added,
recorded for the bus or written by `write` waits for the request's statement, which fails as a whole
where a row that was seen has changed. So nothing that is read here shows what was decided, but for
the rows in hand: those are as they will be.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, TextClause, event
from sqlalchemy.orm import ORMExecuteState
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import RoomSession, RoomSyncSession, Sessions
from shared.database.swap_statement import SwapStatement

_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|FOR SHARE|pg_\w*advisory\w+)\b", re.IGNORECASE)


class _SyncDecidingSession(RoomSyncSession):
    pass


@event.listens_for(_SyncDecidingSession, "do_orm_execute")
def _ensure_reads(state: ORMExecuteState) -> None:
    """What is locked here would be let go at once, and what is written would stay."""
    statement: Executable = state.statement
    if isinstance(statement, TextClause):
        is_reading = _WRITES.search(statement.text) is None
    else:
        is_reading = state.is_select and getattr(statement, "_for_update_arg", None) is None
    if not is_reading:
        raise RuntimeError(f"a decision reads, and writes by its statement: {statement}"[:500])


class DecidingSession(RoomSession):
    """See the module's docstring. `statement` is what the request will have written."""

    sync_session_class = _SyncDecidingSession

    def __init__(self, *args: Any, statement: SwapStatement, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "autoflush": False})
        self.statement = statement
        statement.before = self.gather

    async def flush(self, *_: Any) -> None:
        """Nothing: what was added waits for the statement."""

    async def close(self) -> None:
        """Gives the connection back, where it has one: a decision that was read by the direct pool
        has none, and closing costs as much as a reading."""
        if self.in_transaction():
            await super().close()

    async def __aexit__(self, *error: Any) -> None:
        if self.in_transaction():
            await super().__aexit__(*error)

    async def go_on_in_transaction(self) -> AsyncSession:
        """`SwapStatement.begin`, for what has to be looked at behind a lock: the session of the
        request from now on. What this one holds is given back first, its connection as well."""
        self.sync_session.expunge_all()
        await self.close()
        return await self.statement.begin()

    async def gather(self) -> None:
        """Hands what was added over to the statement, and gives the connection back.

        Raises RuntimeError where a row was changed without being swapped.
        """
        known = self.sync_session
        changed = [row for row in known.dirty if known.is_modified(row)]
        if changed or known.deleted:
            kinds = {type(row).__name__ for row in (*changed, *known.deleted)}
            raise RuntimeError(f"changed, and not swapped: {', '.join(sorted(kinds))}")
        for row in known.new:
            self.statement.insert(row)
        known.expunge_all()
        await self.close()


def deciding(readings: Sessions, statement: SwapStatement) -> DecidingSession:
    """A session that reads as `readings` do."""
    return DecidingSession(**readings.kw, statement=statement)


async def write(session: AsyncSession, sql: TextClause, values: Mapping[str, Any]) -> None:
    """A statement of which nobody asks what it found: at once, or with what is decided."""
    if isinstance(session, DecidingSession):
        session.statement.also(sql.text, **values)
    else:
        await session.execute(sql, values)


async def write_rows(
    session: AsyncSession, sql: TextClause, rows: Sequence[Mapping[str, Any]]
) -> None:
    """A statement that takes an array for each of its names: once for all rows, at once or with
    what is decided."""
    if isinstance(session, DecidingSession):
        for row in rows:
            session.statement.each(sql.text, **row)
    elif rows:
        await session.execute(sql, {name: [row[name] for row in rows] for name in rows[0]})
