"""Which columns hold envelopes of `shared.security.crypto`, and what each of them is sealed to.

A sealed column is one whose name is `sealed` or ends in `_sealed`. Unless it says otherwise its
cells are sealed to the column (`letter.title` for `letter.title_sealed`) and to the primary key of
their row, the parts joined by a slash. So whoever seals all cells anew needs no list of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.dialects import postgresql

_SUFFIX = "sealed"
_INFO = "sealed_to"


@dataclass(frozen=True)
class SealedColumn:
    """A column, the place that its cells are sealed to, and how their rows are found.

    `key` are the columns of the primary key with their types in PostgreSQL; `row` those of them
    that name the row in the place.
    """

    table: str
    name: str
    where: str
    key: Mapping[str, str]
    row: tuple[str, ...]

    def row_of(self, key: Mapping[str, Any]) -> str:
        """The name of the row with this primary key, as it is sealed."""
        return "/".join(str(key[column]) for column in self.row)


def sealed_to(where: str, *row: str) -> dict[str, Any]:
    """Keywords of a column whose cells are sealed to another place than that of their own.

    They move to that place, or came from it, as they are. `row`: columns of the primary key.
    """
    return {"info": {_INFO: (where, row)}}


def sealed_columns(metadata: MetaData) -> Iterator[SealedColumn]:
    """All of a service, by table."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if is_sealed(column.name):
                yield _described(table, column)


def is_sealed(name: str) -> bool:
    """Whether a column of this name holds envelopes."""
    return name == _SUFFIX or name.endswith(f"_{_SUFFIX}")


def _described(table: Table, column: Column[Any]) -> SealedColumn:
    own = f"{table.name}.{column.name.removesuffix(f'_{_SUFFIX}')}"
    where, row = column.info.get(_INFO, (own, ()))
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    key = {part.name: part.type.compile(dialect) for part in table.primary_key.columns}
    return SealedColumn(table.name, column.name, where, key, row or tuple(key))
