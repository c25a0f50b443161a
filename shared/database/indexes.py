"""For migrations: indexes that are made beside the work on their tables, however large these."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from alembic import op
from sqlalchemy import text


class NewIndex(NamedTuple):
    """`columns` are names, or texts such as `at DESC`; `where` makes it partial."""

    name: str
    table: str
    columns: Sequence[str]
    where: str | None = None


def make(*indexes: NewIndex) -> None:
    """Make them in a migration that may be run again: one that was left half made is made anew."""
    with op.get_context().autocommit_block():
        # It waits for whoever has begun before, and nobody waits for it.
        op.execute("SET lock_timeout = 0")
        for index in indexes:
            _drop(index)
            columns: list[Any] = [
                text(column) if " " in column else column for column in index.columns
            ]
            where = text(index.where) if index.where else None
            op.create_index(
                index.name,
                index.table,
                columns,
                postgresql_where=where,
                postgresql_concurrently=True,
            )
        op.execute("RESET lock_timeout")


def drop(*indexes: NewIndex) -> None:
    """Undo `make`."""
    with op.get_context().autocommit_block():
        for index in indexes:
            _drop(index)


def _drop(index: NewIndex) -> None:
    op.drop_index(index.name, table_name=index.table, if_exists=True, postgresql_concurrently=True)
