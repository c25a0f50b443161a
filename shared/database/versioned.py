"""A change of what has a version: nobody overwrites what they have not seen.

Read, decide, swap: a use case reads a row without locking it, decides by pure rules, and swaps it.
The swap finds out whether the row has changed since. Of two that decide on the same version one
wins; the other is told how things stand now.

`SwapStatement` is the way for a use case of its own: what was read is swapped, and events, answer
and whatever else it writes go with it, in one statement without a transaction block. `swap` is for
what happens inside a transaction, where a decision needs several statements or locks.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn, TypeVar

import asyncpg
from sqlalchemy import ColumnElement, inspect, update
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import rows
from shared.database.engine import DirectPool
from shared.errors import NotFound, Problem, Text
from shared.workflow import refuse

M = TypeVar("M", bound=SQLModel)
_NAMED = re.compile(r"(?<!:):([a-z_]+)")


async def swap(
    session: AsyncSession,
    seen: M,
    changes: Mapping[str, Any],
    *conditions: ColumnElement[bool],
    state: str = "state",
    counter: str = "version",
    says: Callable[[M], Text] | None = None,
) -> M:
    """The row with `changes` and the next version, if nobody has changed it since it was `seen`.

    `conditions` must hold besides. `state` is the attribute that the refusal names; `counter` the
    column that counts the changes, for a row may have a second version, of a part; `says` puts the
    present row into words. Raises StateConflict with the present state and version, or NotFound
    where the row is gone.
    """
    changed = await try_swap(session, seen, changes, *conditions, counter=counter)
    if changed is not None:
        return changed
    kind = type(seen)
    present = await session.get(kind, inspect(seen).identity, populate_existing=True)
    if present is None:
        raise NotFound
    return refuse(getattr(present, state), getattr(present, counter), says and says(present))


async def try_swap(
    session: AsyncSession,
    seen: M,
    changes: Mapping[str, Any],
    *conditions: ColumnElement[bool],
    counter: str = "version",
) -> M | None:
    """As `swap`, but None where somebody was faster."""
    kind: Any = type(seen)
    known: int = getattr(seen, counter)
    mapper = inspect(kind)
    row = [
        column == getattr(seen, mapper.get_property_by_column(column).key)
        for column in mapper.primary_key
    ]
    statement = (
        update(kind)
        .where(*row, getattr(kind, counter) == known, *conditions)
        .values({**changes, counter: known + 1})
        .returning(kind)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    found: M | None = (await session.execute(statement)).scalar_one_or_none()
    return found


class Lost(Exception):
    """Somebody was faster: nothing was written."""


class Piece(NamedTuple):
    """A part of the statement: SQL with `:names`, and what they stand for."""

    sql: str
    values: Mapping[str, Any]


class _Seen(NamedTuple):
    """What is swapped, by its key, and how to say that it is not so any more."""

    kind: type[SQLModel]
    key: tuple[Any, ...]
    known: int
    state: str
    counter: str
    says: Callable[[Any], Text] | None


class SwapStatement:
    """What a use case has decided, as one statement: all of it is written, or nothing.

    The use case reads by `direct`, decides, and says here what follows; whoever answers the request
    writes it, together with the answer (`Swap` of `shared/web/dependencies.py`). Every part sees
    the tables as they were before the statement, and none sees what another one writes.
    """

    def __init__(self, direct: DirectPool) -> None:
        self.direct = direct
        self._pieces: list[Piece] = []
        self._seen: list[_Seen] = []
        self._refusals: dict[str, Callable[[], Problem]] = {}

    def swap(
        self,
        seen: M,
        changes: Mapping[str, Any],
        *,
        state: str = "state",
        counter: str = "version",
        says: Callable[[M], Text] | None = None,
    ) -> M:
        """`seen` as it is once the statement has swapped it: with `changes` and the next version.

        `state`, `counter` and `says` as of the function `swap`.
        """
        kind, known = type(seen), getattr(seen, counter)
        values = {**changes, counter: known + 1}
        keys = [one.name for one in rows.fields(kind).values() if one.is_key]
        sql = _update(kind, tuple(values), tuple(keys), counter)
        bound = {f"new_{name}": rows.bound(kind, name, values[name]) for name in values}
        where = {f"old_{name}": getattr(seen, name) for name in (*keys, counter)}
        # First of all: it locks the row, so that whoever comes second waits here.
        self._pieces.insert(len(self._seen), Piece(sql, {**bound, **where}))
        key = tuple(where[f"old_{name}"] for name in keys)
        self._seen.append(_Seen(kind, key, known, state, counter, says))
        for name, value in values.items():
            setattr(seen, name, value)
        return seen

    def insert(self, row: SQLModel, *, names: frozenset[str] | None = None) -> None:
        """A new row; `names` are its columns, where the database fills in the others."""
        kind = type(row)
        wanted = tuple(name for name in rows.fields(kind) if names is None or name in names)
        values = {name: rows.bound(kind, name, getattr(row, name)) for name in wanted}
        self._pieces.append(Piece(_insert(kind, wanted), values))

    def also(self, sql: str, **values: Any) -> None:
        """Another statement that writes, with `:names`."""
        self._pieces.append(Piece(sql, values))

    def refusing(self, constraint: str, problem: Callable[[], Problem]) -> None:
        """How to refuse when this unique index does."""
        self._refusals[constraint] = problem

    async def write(self) -> None:
        """Writes all of it. Raises Lost, the problem of a unique index, or UniqueViolationError."""
        if not self._pieces:
            return
        shape = _joined(tuple(piece.sql for piece in self._pieces), len(self._seen))
        arguments = [self._pieces[piece].values[name] for piece, name in shape.order]
        try:
            await self.direct.fetch(shape.sql, *arguments)
        except asyncpg.DivisionByZeroError:
            raise Lost from None
        except asyncpg.UniqueViolationError as error:
            refusal = self._refusals.get(error.constraint_name or "")
            if refusal is None:
                raise
            raise refusal() from error

    async def refuse(self) -> NoReturn:
        """After `Lost`: raises StateConflict with the present state and version, or NotFound."""
        for seen in self._seen:
            present = await self._present(seen)
            number: int = getattr(present, seen.counter)
            if number != seen.known or seen is self._seen[-1]:
                refuse(getattr(present, seen.state), number, seen.says and seen.says(present))
        raise Lost

    async def _present(self, seen: _Seen) -> SQLModel:
        keys = [one for one in rows.fields(seen.kind).values() if one.is_key]
        where = " AND ".join(f"r.{one.column} = ${n}" for n, one in enumerate(keys, 1))
        columns, table = rows.columns(seen.kind, "r"), rows.table(seen.kind)
        sql = f"SELECT {columns} FROM {table} r WHERE {where}"
        found = await self.direct.fetchrow(sql, *seen.key)
        if found is None:
            raise NotFound
        return rows.loaded(seen.kind, found)


class _Shape(NamedTuple):
    """The whole statement, and which value of which piece stands at each of its parameters."""

    sql: str
    order: tuple[tuple[int, str], ...]


@lru_cache(maxsize=1000)
def _joined(pieces: tuple[str, ...], swaps: int) -> _Shape:
    """One statement of all pieces, which fails unless each of the first `swaps` finds its row.

    To fail is how it undoes what the others wrote; and dividing by nothing is how it fails.
    """
    order: list[tuple[int, str]] = []

    def numbered(piece: int) -> str:
        places: dict[str, str] = {}

        def place(name: re.Match[str]) -> str:
            if name[1] not in places:
                order.append((piece, name[1]))
                places[name[1]] = f"${len(order)}"
            return places[name[1]]

        return _NAMED.sub(place, pieces[piece])

    parts = ", ".join(f"piece_{n} AS ({numbered(n)})" for n in range(len(pieces)))
    found = " * ".join(f"(SELECT count(*) FROM piece_{n})" for n in range(swaps)) or "1"
    return _Shape(f"WITH {parts} SELECT 1 / ({found})", tuple(order))


@lru_cache(maxsize=1000)
def _update(
    kind: type[SQLModel], names: tuple[str, ...], keys: tuple[str, ...], counter: str
) -> str:
    known = rows.fields(kind)
    values = ", ".join(f"{known[name].column} = :new_{name}" for name in names)
    where = " AND ".join(f"{known[name].column} = :old_{name}" for name in (*keys, counter))
    return f"UPDATE {rows.table(kind)} SET {values} WHERE {where} RETURNING 1"


@lru_cache(maxsize=1000)
def _insert(kind: type[SQLModel], names: tuple[str, ...]) -> str:
    columns = ", ".join(rows.fields(kind)[name].column for name in names)
    values = ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {rows.table(kind)} ({columns}) VALUES ({values})"
