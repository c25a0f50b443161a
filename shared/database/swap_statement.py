"""What a use case has decided, as one statement without a transaction: all of it, or nothing."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn, TypeVar

import asyncpg
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import SQLModel

from shared.database import rows
from shared.database.engine import DirectPool
from shared.errors import NotFound, Problem, Text
from shared.workflow import refuse

M = TypeVar("M", bound=SQLModel)
_NAMED = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
_Key = tuple[type[SQLModel], tuple[Any, ...]]


class Lost(Exception):
    """Somebody was faster: nothing was written."""


class Piece(NamedTuple):
    """A part of the statement: SQL with `:names`, and what they stand for.

    Other parts may read what it returns by its `name`, if it has one.
    """

    sql: str
    values: Mapping[str, Any]
    name: str = ""


@dataclass
class _Seen:
    """A row as it was read: what is to be changed of it, nothing where it is only to stay; and how
    to say that it is not so any more."""

    row: SQLModel
    known: int
    changes: dict[str, Any]
    state: str
    counter: str
    says: Callable[[Any], Text] | None

    @property
    def key(self) -> dict[str, Any]:
        kind = type(self.row)
        return {f.name: getattr(self.row, f.name) for f in rows.fields(kind).values() if f.is_key}

    def piece(self) -> Piece:
        kind, values = type(self.row), self.changes
        where = {f"old_{name}": value for name, value in self.key.items()}
        where[f"old_{self.counter}"] = self.known
        if not values:
            return Piece(_hold(kind, tuple(self.key), self.counter), where)
        sql = _update(kind, tuple(values), tuple(self.key), self.counter)
        bound = {f"new_{name}": rows.bound(kind, name, values[name]) for name in values}
        return Piece(sql, {**bound, **where})


class SwapStatement:
    """What a use case has decided: all of it is written, or nothing.

    The use case reads by `direct`, decides, and says here what follows; whoever answers the request
    writes it, together with the answer (`Swap` of `shared/web/dependencies.py`). Every part sees
    the tables as they were before the statement, and none sees what another one writes.
    """

    def __init__(self, direct: DirectPool) -> None:
        self.direct = direct
        self.before: Callable[[], Awaitable[None]] | None = None
        """What adds to it at last, before it is written."""
        self._seen: dict[_Key, _Seen] = {}
        self._new: list[SQLModel] = []
        self._also: list[Piece] = []
        self._each: dict[str, dict[str, list[Any]]] = {}
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

        `state`, `counter` and `says` as of the function `swap`. What is changed twice is written
        once, and what is new in this statement is written as it is by then.
        """
        values = {**changes, counter: getattr(seen, counter) + 1}
        if not any(seen is row for row in self._new):
            self._noted(seen, state, counter, says).changes.update(values)
        for name, value in values.items():
            # Not as a change that a session would write by itself.
            set_committed_value(seen, name, value)
        return seen

    def hold(
        self,
        seen: M,
        *,
        state: str = "state",
        counter: str = "version",
        says: Callable[[M], Text] | None = None,
    ) -> M:
        """`seen`, which the statement finds unchanged, and which stays so until it is written."""
        self._noted(seen, state, counter, says)
        return seen

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

    def refusing(self, constraint: str, problem: Callable[[], Problem]) -> None:
        """How to refuse when this unique index does."""
        self._refusals[constraint] = problem

    async def write(self) -> None:
        """Writes all of it. Raises Lost, the problem of a unique index, or UniqueViolationError."""
        if self.before is not None:
            await self.before()
        pieces = self._pieces()
        if not pieces:
            return
        named = tuple((piece.name, piece.sql) for piece in pieces)
        shape = _joined(named, len(self._seen))
        arguments = [pieces[piece].values[name] for piece, name in shape.order]
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
        found = [(seen, await self._present(seen)) for seen in self._seen.values()]
        for seen, present in found:
            number: int = getattr(present, seen.counter)
            if number != seen.known or seen is found[-1][0]:
                refuse(getattr(present, seen.state), number, seen.says and seen.says(present))
        raise Lost

    def _noted(
        self, row: SQLModel, state: str, counter: str, says: Callable[[Any], Text] | None
    ) -> _Seen:
        noted = _Seen(row, getattr(row, counter), {}, state, counter, says)
        return self._seen.setdefault((type(row), tuple(noted.key.values())), noted)

    def _pieces(self) -> list[Piece]:
        """First of all what was seen: it locks those rows, so that whoever comes second waits."""
        return [
            *(seen.piece() for seen in self._seen.values()),
            *(_new(row) for row in self._new),
            *(Piece(sql, values) for sql, values in self._each.items()),
            *self._also,
        ]

    async def _present(self, seen: _Seen) -> SQLModel:
        kind = type(seen.row)
        keys = [one for one in rows.fields(kind).values() if one.is_key]
        where = " AND ".join(f"r.{one.column} = ${n}" for n, one in enumerate(keys, 1))
        sql = f"SELECT {rows.columns(kind, 'r')} FROM {rows.table(kind)} r WHERE {where}"
        found = await self.direct.fetchrow(sql, *seen.key.values())
        if found is None:
            raise NotFound
        return rows.loaded(kind, found)


class _Shape(NamedTuple):
    """The whole statement, and which value of which piece stands at each of its parameters."""

    sql: str
    order: tuple[tuple[int, str], ...]


@lru_cache(maxsize=1000)
def _joined(pieces: tuple[tuple[str, str], ...], seen: int) -> _Shape:
    """One statement of all pieces, which fails unless each of the first `seen` finds its row.

    To fail is how it undoes what the others wrote; and dividing by nothing is how it fails.
    """
    order: list[tuple[int, str]] = []

    def numbered(piece: int, sql: str) -> str:
        places: dict[str, str] = {}

        def place(name: re.Match[str]) -> str:
            if name[1] not in places:
                order.append((piece, name[1]))
                places[name[1]] = f"${len(order)}"
            return places[name[1]]

        return _NAMED.sub(place, sql)

    named = enumerate(pieces)
    parts = ", ".join(f"{name or f'piece_{n}'} AS ({numbered(n, sql)})" for n, (name, sql) in named)
    found = " * ".join(f"(SELECT count(*) FROM piece_{n})" for n in range(seen)) or "1"
    return _Shape(f"WITH {parts} SELECT 1 / ({found})", tuple(order))


@lru_cache(maxsize=1000)
def _update(
    kind: type[SQLModel], names: tuple[str, ...], keys: tuple[str, ...], counter: str
) -> str:
    known = rows.fields(kind)
    values = ", ".join(f"{known[name].column} = :new_{name}" for name in names)
    return f"UPDATE {rows.table(kind)} SET {values} WHERE {_where(kind, keys, counter)} RETURNING 1"


@lru_cache(maxsize=1000)
def _hold(kind: type[SQLModel], keys: tuple[str, ...], counter: str) -> str:
    return f"SELECT 1 FROM {rows.table(kind)} WHERE {_where(kind, keys, counter)} FOR SHARE"


def _where(kind: type[SQLModel], keys: tuple[str, ...], counter: str) -> str:
    known = rows.fields(kind)
    return " AND ".join(f"{known[name].column} = :old_{name}" for name in (*keys, counter))


def _new(row: SQLModel) -> Piece:
    kind = type(row)
    given = {name: getattr(row, name) for name in rows.fields(kind)}
    wanted = [
        name
        for name, field in rows.fields(kind).items()
        if given[name] is not None or not field.has_default
    ]
    values = {name: rows.bound(kind, name, given[name]) for name in wanted}
    return Piece(_insert(kind, tuple(wanted)), values)


@lru_cache(maxsize=1000)
def _insert(kind: type[SQLModel], names: tuple[str, ...]) -> str:
    columns = ", ".join(rows.fields(kind)[name].column for name in names)
    values = ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {rows.table(kind)} ({columns}) VALUES ({values})"
