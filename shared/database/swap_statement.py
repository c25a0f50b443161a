"""What a use case has decided, as one statement without a transaction: all of it, or nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, NoReturn, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import pieces, rows
from shared.database.engine import DirectPool, ensure_transaction
from shared.database.faults import Overtaken, postgres_error
from shared.database.pieces import Piece
from shared.errors import NotFound, Text
from shared.workflow import refuse

M = TypeVar("M", bound=SQLModel)
_Key = tuple[type[SQLModel], tuple[Any, ...]]


class Lost(Exception):
    """Somebody was faster: nothing was written."""


class _Refusal(NamedTuple):
    """How to say that a row is not any more what it was, by one of its versions."""

    counter: str
    state: str
    says: Callable[[Any], Text] | None


@dataclass
class _Seen:
    """A row as it was read, by its versions: what is to be changed of it, nothing where it is only
    to stay. Without a refusal it only follows from what was asked."""

    row: SQLModel
    counters: dict[str, int]
    changes: dict[str, Any]
    refusal: _Refusal | None = None

    @property
    def key(self) -> dict[str, Any]:
        return {name: getattr(self.row, name) for name in rows.keys(type(self.row))}

    @property
    def identity(self) -> _Key:
        return type(self.row), tuple(self.key.values())

    def piece(self) -> Piece:
        return pieces.updating(type(self.row), {**self.key, **self.counters}, self.changes)


async def _cannot_begin(*_: Any) -> AsyncSession:
    raise RuntimeError("only a request goes on until its answer is known")


class SwapStatement:
    """What a use case has decided: all of it is written, or nothing.

    The use case reads by `direct`, decides, and says here what follows; whoever answers the request
    writes it, together with the answer (`Swap` of `shared/web/dependencies.py`). Every part sees
    the tables as they were before the statement, and none sees what another one writes.

    What is swapped, held and locked is so in the order in which it was named here, and before all
    else. Where a session has begun a transaction, all of it is written there (`write_in`).
    """

    def __init__(self, direct: DirectPool | None = None) -> None:
        self._direct = direct
        self.before: Callable[[], Awaitable[None]] | None = None
        """What adds to it at last, before it is written."""
        self.begin: Callable[[], Awaitable[AsyncSession]] = _cannot_begin
        """Goes on in a transaction, which also stores the answer, with a claim to the key: for what
        has to be looked at behind a lock. What was told before is not written."""
        self.keep: Callable[[AbstractAsyncContextManager[Any]], Awaitable[Any]] = _cannot_begin
        """Enters something, which is left once all is written, or is not going to be."""
        self.is_again = False
        """Whether the request was decided before in vain, mostly because somebody was faster."""
        self.is_sent = False
        """Whether it may be written: nothing that was read before has done anything."""
        self._turns: dict[_Key | int, _Seen | Piece] = {}
        self._awaited: dict[_Key, _Seen] = {}
        self._new: list[SQLModel] = []
        self._also: list[Piece] = []
        self._each: dict[str, dict[str, list[Any]]] = {}
        self._refusals: dict[str, Callable[[], Exception]] = {}

    @property
    def direct(self) -> DirectPool:
        """Where the use case reads; not of a statement that is written in a transaction."""
        assert self._direct is not None
        return self._direct

    def swap(
        self,
        seen: M,
        changes: Mapping[str, Any],
        *,
        state: str = "state",
        counter: str = "version",
        says: Callable[[M], Text] | None = None,
        follows: bool = False,
    ) -> M:
        """`seen` as it is once the statement has swapped it: with `changes` and the next version,
        or a later one that is among them.

        `state`, `counter` and `says` as of the function `swap`. What is changed twice is written
        once, and what is new in this statement is written as it is by then. Nobody is refused by
        how something stands that only `follows` from what they asked: all is decided anew.
        """
        values = {counter: getattr(seen, counter) + 1, **changes}
        if not any(seen is row for row in self._new):
            noted = self._noted(seen, counter)
            noted.changes.update(values)
            if not follows:
                noted.refusal = _Refusal(counter, state, says)
        for name, value in values.items():
            # Not as a change that a session would write by itself.
            set_committed_value(seen, name, value)
        return seen

    def hold(self, seen: M, *, counter: str = "version") -> M:
        """`seen`, which the statement finds unchanged, and which stays so until it is written.

        Where it has changed, all is decided anew. Of what is swapped as well it is another version.
        """
        self._noted(seen, counter)
        return seen

    def wait_for(self, seen: M, *, counter: str = "version") -> M:
        """`seen`, of which who asked has named no version: they want it as it is after whatever is
        just being done to it.

        Nobody is refused by how it was, neither by the statement nor by the rules
        (`ensure_unchanged`): where it has changed, all is decided anew.
        """
        awaited = _Seen(seen, {counter: getattr(seen, counter)}, {})
        self._awaited[awaited.identity] = awaited
        return seen

    def lock(self, sql: str, *, name: str = "", **values: Any) -> None:
        """Another statement that locks in its turn among what is swapped and held, with `:names`.

        It returns a row; where it finds none, all is decided anew.
        """
        self._turns[len(self._turns)] = Piece(sql, values, name)

    def insert(self, row: SQLModel) -> None:
        """A new row, as it is when the statement is written.

        Columns that are None and have a default are left to the database.
        """
        self._new.append(row)

    def also(self, sql: str, *, name: str = "", **values: Any) -> None:
        """Another statement that writes, with `:names`; others may read from it by its `name`."""
        self._also.append(Piece(sql, values, name))

    def each(self, sql: str, **values: Any) -> None:
        """A row of a statement that takes an array for each `:name`: it is written once, with all
        rows that this was called with, in their order."""
        columns = self._each.setdefault(sql, {name: [] for name in values})
        for name, value in values.items():
            columns[name].append(value)

    def refusing(self, constraint: str, problem: Callable[[], Exception]) -> None:
        """How to refuse when this unique index does; with Overtaken, all is decided anew."""
        self._refusals[constraint] = problem

    async def write(self) -> None:
        """Writes all of it. Raises Lost, the problem of a unique index, or UniqueViolationError."""
        if self.before is not None:
            await self.before()
        self.is_sent = True
        await self._write(self.direct.fetch)

    async def write_in(self, session: AsyncSession) -> None:
        """Writes all of it in the session's transaction, which is not over by it.

        Raises Overtaken where somebody was faster: it is to be decided anew in another transaction.
        """
        ensure_transaction(session)
        await session.flush()
        try:
            await self._write(partial(rows.fetch_in, session))
        except Lost:
            raise Overtaken from None

    async def _write(self, fetch: rows.Fetch) -> None:
        parts = self._pieces()
        if parts:
            await self._run(fetch, parts, len(self._turns))

    async def _run(self, fetch: rows.Fetch, parts: Sequence[Piece], turns: int) -> None:
        sql, values = pieces.joined(parts, turns)
        try:
            await fetch(sql, *values)
        except (asyncpg.PostgresError, DBAPIError) as error:
            found = postgres_error(error)
            if isinstance(found, asyncpg.DivisionByZeroError):
                raise Lost from None
            if isinstance(found, asyncpg.UniqueViolationError):
                refusal = self._refusals.get(found.constraint_name or "")
                if refusal is not None:
                    raise refusal() from error
            raise

    async def refuse(self) -> NoReturn:
        """After `Lost`: raises StateConflict with the present state and version, or NotFound.

        Raises Overtaken where only something has changed of which who asked knows nothing.
        """
        for seen in self._turns.values():
            if not isinstance(seen, _Seen) or seen.identity in self._awaited:
                continue
            if seen.refusal is not None:
                present = await self._present(seen)
                counter, state, says = seen.refusal
                number: int = getattr(present, counter)
                if number != seen.counters[counter]:
                    refuse(getattr(present, state), number, says and says(present))
        raise Overtaken

    async def ensure_unchanged(self) -> None:
        """After a refusal by the rules: waits for whoever is just changing what was to be waited
        for. Raises Overtaken where it is not any more what it was when it was decided on.
        """
        awaited = [seen.piece() for seen in self._awaited.values()]
        if awaited:
            try:
                await self._run(self.direct.fetch, awaited, len(awaited))
            except Lost:
                raise Overtaken from None

    def _noted(self, row: SQLModel, counter: str) -> _Seen:
        noted = _Seen(row, {}, {})
        found = self._turns.setdefault(noted.identity, noted)
        assert isinstance(found, _Seen)
        found.counters.setdefault(counter, getattr(row, counter))
        return found

    def _pieces(self) -> list[Piece]:
        """First of all what locks, in its turn, so that whoever comes second waits."""
        return [
            *(turn if isinstance(turn, Piece) else turn.piece() for turn in self._turns.values()),
            *(pieces.inserting(row) for row in self._new),
            *(Piece(sql, values) for sql, values in self._each.items()),
            *self._also,
        ]

    async def _present(self, seen: _Seen) -> SQLModel:
        kind = type(seen.row)
        known = rows.fields(kind)
        where = " AND ".join(
            f"r.{known[name].column} = ${n}" for n, name in enumerate(rows.keys(kind), 1)
        )
        sql = f"SELECT {rows.columns(kind, 'r')} FROM {rows.table(kind)} r WHERE {where}"
        found = await self.direct.fetchrow(sql, *seen.key.values())
        if found is None:
            raise NotFound
        return rows.loaded(kind, found)
