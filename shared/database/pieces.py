"""Parts of a statement that writes, and the one statement that they make."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlmodel import SQLModel

from shared.database import rows

_NAMED = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


class Piece(NamedTuple):
    """A part of the statement: SQL with `:names`, and what they stand for.

    Other parts may read what it returns by its `name`, if it has one.
    """

    sql: str
    values: Mapping[str, Any]
    name: str = ""


def joined(pieces: Sequence[Piece], turns: int) -> tuple[str, list[Any]]:
    """One statement of all pieces with its values, which fails (22012) unless each of the first
    `turns` finds a row; those are taken in their order."""
    # The counts are asked for from left to right, and so the turns are taken. To fail is how it
    # undoes what the others wrote; and dividing by nothing is how it fails.
    names = _names(pieces)[:turns]
    found = " * ".join(f"(SELECT count(*) FROM {name})" for name in names) or "1"
    return selecting(pieces, f"1 / ({found})")


def selecting(pieces: Sequence[Piece], result: str) -> tuple[str, list[Any]]:
    """One statement of all pieces with its values, which answers `SELECT result`: it may read from
    the pieces by their names."""
    named = zip(_names(pieces), pieces, strict=True)
    shape = _shape(tuple((name, one.sql) for name, one in named), result)
    return shape.sql, [pieces[piece].values[name] for piece, name in shape.order]


class _Shape(NamedTuple):
    """The whole statement, and which value of which piece stands at each of its parameters."""

    sql: str
    order: tuple[tuple[int, str], ...]


def _names(pieces: Sequence[Piece]) -> list[str]:
    return [one.name or f"piece_{n}" for n, one in enumerate(pieces)]


@lru_cache(maxsize=1000)
def _shape(pieces: tuple[tuple[str, str], ...], result: str) -> _Shape:
    order: list[tuple[int, str]] = []

    def numbered(piece: int, sql: str) -> str:
        places: dict[str, str] = {}

        def place(name: re.Match[str]) -> str:
            if name[1] not in places:
                order.append((piece, name[1]))
                places[name[1]] = f"${len(order)}"
            return places[name[1]]

        return _NAMED.sub(place, sql)

    parts = ", ".join(f"{name} AS ({numbered(n, sql)})" for n, (name, sql) in enumerate(pieces))
    return _Shape(f"WITH {parts} SELECT {result}", tuple(order))


@lru_cache(maxsize=1000)
def _update(kind: type[SQLModel], names: tuple[str, ...], old: tuple[str, ...]) -> str:
    known = rows.fields(kind)
    values = ", ".join(f"{known[name].column} = :new_{name}" for name in names)
    return f"UPDATE {rows.table(kind)} SET {values} WHERE {_where(kind, old)} RETURNING 1"


@lru_cache(maxsize=1000)
def _hold(kind: type[SQLModel], old: tuple[str, ...]) -> str:
    return f"SELECT 1 FROM {rows.table(kind)} WHERE {_where(kind, old)} FOR SHARE"


def _where(kind: type[SQLModel], names: Iterable[str]) -> str:
    known = rows.fields(kind)
    return " AND ".join(f"{known[name].column} = :old_{name}" for name in names)


def updating(kind: type[SQLModel], old: Mapping[str, Any], new: Mapping[str, Any]) -> Piece:
    """The row that has these old values, with new ones; held as it is where there are none."""
    where = {f"old_{name}": value for name, value in old.items()}
    if not new:
        return Piece(_hold(kind, tuple(old)), where)
    values = {f"new_{name}": rows.bound(kind, name, value) for name, value in new.items()}
    return Piece(_update(kind, tuple(new), tuple(old)), {**values, **where})


def inserting(row: SQLModel) -> Piece:
    """A new row. Columns that are None and have a default are left to the database."""
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
