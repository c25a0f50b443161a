"""Rows of a model as the driver has them: by the types of its columns, without a mapper's work.

f"SELECT {columns(Ticket, 't')} FROM ticket t WHERE t.id = $1"
ticket = loaded(Ticket, record)
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import JSON, Float, Table, inspect
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.orm import ClassManager, configure_mappers
from sqlalchemy.orm.attributes import manager_of_class
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import DirectPool

M = TypeVar("M", bound=SQLModel)
Turn = Callable[[Any], Any]
Fetch = Callable[..., Awaitable[Sequence[Iterable[Any]]]]
"""`fetch(sql, *values)`: of the direct pool, or in a transaction (`fetch_in`)."""

DIALECT = dialect()  # type: ignore[no-untyped-call]
_FLOAT8, _NUMERIC = 701, 1700
"""What numbers come as, by the identifiers of the server."""


class Field(NamedTuple):
    """An attribute, its column, and how its value goes to the driver and comes from it."""

    name: str
    column: str
    is_key: bool
    has_default: bool
    """Whether the database fills in what is left out."""
    to_driver: Turn | None
    from_driver: Turn | None


@cache
def fields(kind: type[SQLModel]) -> dict[str, Field]:
    """The attributes that are columns, by name, in the order of the columns."""
    mapper = inspect(kind)
    found = {}
    for column in mapper.columns:
        name = mapper.get_property_by_column(column).key
        quoted = f'"{column.name}"'
        fills_in = column.server_default is not None or column.identity is not None
        turns = to_driver(column.type), from_driver(column.type)
        found[name] = Field(name, quoted, column.primary_key, fills_in, *turns)
    return found


def to_driver(kind: TypeEngine[Any]) -> Turn | None:
    """What makes of a value of that type what the driver takes, None where it is that."""
    return kind.dialect_impl(DIALECT).bind_processor(DIALECT)


def from_driver(kind: TypeEngine[Any]) -> Turn | None:
    """What makes a value of that type of what the driver has, None where it is that."""
    kept = kind.dialect_impl(DIALECT)
    if isinstance(kept, JSON):
        return _parsed
    return kept.result_processor(DIALECT, _FLOAT8 if isinstance(kept, Float) else _NUMERIC)


def _parsed(value: Any) -> Any:
    """A session's connection has parsed it already; no column of ours holds a bare string."""
    return orjson.loads(value) if isinstance(value, str) else value


@cache
def keys(kind: type[SQLModel]) -> tuple[str, ...]:
    """The names of the attributes that are its primary key."""
    return tuple(one.name for one in fields(kind).values() if one.is_key)


@cache
def table(kind: type[SQLModel]) -> str:
    """The quoted name of its table."""
    local = inspect(kind).local_table
    assert isinstance(local, Table)
    return f'"{local.name}"'


@cache
def columns(kind: type[SQLModel], alias: str) -> str:
    """All its columns, for a SELECT."""
    return ", ".join(f"{alias}.{one.column}" for one in fields(kind).values())


@cache
def _manager(kind: type[SQLModel]) -> ClassManager[Any]:
    """What makes instances of the class, once the classes know their columns."""
    configure_mappers()
    return manager_of_class(kind)


def loaded(kind: type[M], values: Iterable[Any]) -> M:
    """The row whose columns are the first of `values`, as a session loads it: without what the
    class does for a new one."""
    each = zip(fields(kind).values(), values, strict=False)
    row: M = _manager(kind).new_instance()
    row.__dict__.update({o.name: o.from_driver(v) if o.from_driver else v for o, v in each})
    return row


def rest(kind: type[SQLModel], values: Iterable[Any]) -> list[Any]:
    """What stands in a record behind the columns of `kind`."""
    return [*values][len(fields(kind)) :]


def bound(kind: type[SQLModel], name: str, value: Any) -> Any:
    """The value of an attribute as the driver takes it."""
    turn = fields(kind)[name].to_driver
    return value if turn is None else turn(value)


def fetching(source: AsyncSession | DirectPool) -> Fetch:
    """What asks the source: the pool, or a session, in its transaction where it has begun one."""
    return source.fetch if isinstance(source, DirectPool) else partial(fetch_in, source)


async def fetch_in(session: AsyncSession, sql: str, *values: Any) -> Sequence[Iterable[Any]]:
    """Rows of a statement for the driver, with $1, $2, ..., in the session's transaction."""
    connection = await session.connection()
    return (await connection.exec_driver_sql(sql, values)).all()
