"""Which columns hold keyed digests of `shared.security.crypto`, and how each comes under a new key.

A digest says nothing of what it is, so that each column says so itself: `digest()`, and its twin
`lapsing()` for what is forgotten so soon that it stays as it is. A test looks at what stands in the
tables when all have run, and fails at a digest that no column declares.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.dialects import postgresql

from shared.database.sealed_columns import SealedColumn, sealed_columns

_DIGEST, _LAPSING = "digest", "lapsing_digest"


class Chain(Protocol):
    """The keys of digests: `shared.security.index_chain`."""

    @property
    def prefix(self) -> str: ...
    def forms_of(self, stored: str) -> list[str]: ...


class Keys(Protocol):
    """Those keys, and the ones that seal: `shared.security.crypto.Keyring`."""

    @property
    def index(self) -> Chain: ...
    def open(self, sealed: str, *, where: str, row: str) -> str: ...
    def seal(self, plain: str, *, where: str, row: str) -> str: ...


@dataclass(frozen=True)
class _Declared:
    kinds: tuple[str, ...]
    of: str | None
    place: int
    is_counter: bool


@dataclass(frozen=True)
class DigestColumn:
    """A column, and how its cells are found and come under the newest key.

    `kinds` are what stands before the digest ("tel:"); cells that begin with none of them hold
    none. `key` are the columns of the primary key with their types in PostgreSQL. Columns `of` one
    thing are compared with each other; `place` is where they stand in the order of locking.
    `is_counter`: the row is of no use under an older key. `sealed` are the columns whose cells are
    sealed to this one, where it is the primary key, and `at` when they were last written.
    """

    table: str
    name: str
    key: Mapping[str, str]
    kinds: tuple[str, ...]
    of: str | None
    place: int
    is_counter: bool
    sealed: tuple[SealedColumn, ...]
    at: str | None

    @property
    def is_key(self) -> bool:
        """Whether a row moves when its digest is lifted."""
        return self.name in self.key

    @property
    def kind(self) -> str:
        """The regular expression of what stands before a digest."""
        return f"^({'|'.join(self.kinds)})"

    def stale(self, chain: Chain) -> str:
        """The regular expression of cells that are not of the newest key."""
        newest = chain.prefix
        return self.kind + (f"(?!{re.escape(newest)})" if newest else r"[a-z0-9]*\.")

    def lift(self, chain: Chain, cell: str) -> str:
        """The cell under the newest key. Raises UnknownIndexKey."""
        return self.forms_of(chain, cell)[0]

    def forms_of(self, chain: Chain, cell: str) -> list[str]:
        """What the cell is under its own key and every later one, the newest first."""
        kind = next((kind for kind in self.kinds if cell.startswith(kind)), None)
        if kind is None:
            return [cell]
        return [f"{kind}{form}" for form in chain.forms_of(cell.removeprefix(kind))]


def digest(
    *kinds: str, of: str | None = None, place: int = 0, is_counter: bool = False, **others: Any
) -> dict[str, Any]:
    """Keywords of a column of digests, and `others`; `DigestColumn` says what they mean."""
    return {"info": {_DIGEST: _Declared(kinds or ("",), of, place, is_counter)}, **others}


def lapsing(**others: Any) -> dict[str, Any]:
    """Keywords of a column of digests that are forgotten within a month at most."""
    return {"info": {_LAPSING: True}, **others}


def declared(metadata: MetaData) -> Iterator[tuple[str, str]]:
    """Table and name of every column of digests, those that lapse included."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if {_DIGEST, _LAPSING} & column.info.keys():
                yield table.name, column.name


def digest_columns(metadata: MetaData) -> list[DigestColumn]:
    """All of a service that are lifted, in the order of locking."""
    sealed = list(sealed_columns(metadata))
    found = [
        _described(table, column, sealed)
        for table in metadata.sorted_tables
        for column in table.columns
        if _DIGEST in column.info
    ]
    return sorted(found, key=lambda column: (column.place, column.table, column.name))


def _described(table: Table, column: Column[Any], sealed: Iterable[SealedColumn]) -> DigestColumn:
    said: _Declared = column.info[_DIGEST]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    key = {part.name: part.type.compile(dialect) for part in table.primary_key.columns}
    bound = tuple(s for s in sealed if s.table == table.name and column.name in s.row)
    at = "updated_at" if "updated_at" in table.columns else None
    return DigestColumn(
        table=table.name, name=column.name, key=key, kinds=said.kinds, of=said.of,
        place=said.place, is_counter=said.is_counter, sealed=bound, at=at,
    )  # fmt: skip


def by_value(column: DigestColumn) -> str:
    """Lifts every cell that is one of $1 to what stands at its place in $2."""
    return (
        f"UPDATE {column.table} t SET {column.name} = n.fresh"
        f" FROM unnest($1::text[], $2::text[]) AS n (seen, fresh) WHERE t.{column.name} = n.seen"
    )


def forget(column: DigestColumn) -> str:
    """Deletes the rows of the cells $1."""
    return f"DELETE FROM {column.table} WHERE {column.name} = ANY($1::text[])"


class Movers:
    """The statements that move rows whose key is a digest, and what is sealed to it with them.

    `unreadable` is what a cell raises that does not open.
    """

    def __init__(self, column: DigestColumn, unreadable: type[Exception]) -> None:
        assert column.is_key
        assert column.at is not None
        self._column, self._at, self._unreadable = column, column.at, unreadable
        self._sealed = [each.name for each in column.sealed]

    @property
    def rows(self) -> str:
        """The rows with the keys $1."""
        names = ", ".join([self._column.name, *self._sealed])
        return (
            f"SELECT {names} FROM {self._column.table}"
            f" WHERE {self._column.name} = ANY($1::text[]) FOR UPDATE"
        )

    @property
    def move(self) -> str:
        """Puts each row to its new key if it is as it was; where one is there, the newer counts.

        Parameters: the keys, the new keys, then for every sealed column the cells seen and fresh.
        """
        table, key, at = self._column.table, self._column.name, self._at
        names = ["seen", "fresh"]
        names += [f"{part}_{name}" for name in self._sealed for part in ("seen", "fresh")]
        arrays = ", ".join(f"${place}::text[]" for place in range(1, len(names) + 1))
        same = " AND ".join(
            f"t.{name} IS NOT DISTINCT FROM n.seen_{name}" for name in [*self._sealed]
        )
        fresh = ", ".join(f"n.fresh_{name} AS {name}" for name in self._sealed)
        cells = ", ".join(self._sealed)
        newer = ", ".join(
            f"{name} = CASE WHEN excluded.{at} > {table}.{at}"
            f" THEN coalesce(excluded.{name}, {table}.{name})"
            f" ELSE coalesce({table}.{name}, excluded.{name}) END"
            for name in self._sealed
        )
        return (
            f"WITH gone AS (DELETE FROM {table} t USING unnest({arrays}) AS n ({', '.join(names)})"
            f" WHERE t.{key} = n.seen AND {same} RETURNING n.fresh AS {key}, {fresh}, t.{at})"
            f" INSERT INTO {table} ({key}, {cells}, {at})"
            f" SELECT DISTINCT ON ({key}) {key}, {cells}, {at} FROM gone ORDER BY {key}, {at} DESC"
            f" ON CONFLICT ({key}) DO UPDATE"
            f" SET {newer}, {at} = greatest(excluded.{at}, {table}.{at})"
        )

    def values(self, keys: Keys, rows: Iterable[Any]) -> list[list[Any]]:
        """The parameters of `move` for rows as `rows` gives them; what does not open stays.

        Raises UnknownIndexKey.
        """
        moving = []
        for row in map(dict, rows):
            fresh = self._column.lift(keys.index, row[self._column.name])
            with suppress(self._unreadable):
                moving.append((row, fresh, self._resealed(keys, row, fresh)))
        values: list[list[Any]] = [[row[self._column.name] for row, _, _ in moving]]
        values.append([fresh for _, fresh, _ in moving])
        for name in self._sealed:
            values.append([row[name] for row, _, _ in moving])
            values.append([cells[name] for _, _, cells in moving])
        return values

    def _resealed(self, keys: Keys, row: Mapping[str, Any], fresh: str) -> Mapping[str, str | None]:
        cells: dict[str, str | None] = {}
        moved = {**row, self._column.name: fresh}
        for column in self._column.sealed:
            cell, old, new = row[column.name], column.row_of(row), column.row_of(moved)
            plain = None if cell is None else keys.open(cell, where=column.where, row=old)
            cells[column.name] = (
                None if plain is None else keys.seal(plain, where=column.where, row=new)
            )
        return cells
