"""A SELECT of models and columns that is put into SQL once, however often it is asked.

Where a use case decides, it is asked of the direct pool: what a session does for each statement
besides costs several times what the database does for a row that is found by its key.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import rows
from shared.database.deciding import DecidingSession

Values = Iterator[Any]


class _Compiled(NamedTuple):
    """The SQL for the driver; what makes each of its parameters of what is asked for, and each part
    of a row of the driver's values."""

    sql: str
    parameters: Sequence[Callable[[Mapping[str, Any]], Any]]
    parts: Sequence[Callable[[Values], Any]]


class Reading:
    """`statement` has no other parameters than those that are named in it, and no lists.

    Rows that a decision reads belong to no session: they are as `rows.loaded` makes them.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement

    async def all(self, session: AsyncSession, **values: Any) -> list[tuple[Any, ...]]:
        """The rows, each model and column of the statement a value; None for a model that an outer
        join has not found."""
        if not isinstance(session, DecidingSession):
            return [tuple(row) for row in await session.execute(self._statement, values)]
        return await self._fetched(session.statement.direct.fetch, values)

    async def bare(self, session: AsyncSession, **values: Any) -> list[tuple[Any, ...]]:
        """The same, whose rows belong to no session in a transaction either: of thousands, which
        nobody changes, a session would spend most of the time on knowing them."""
        if isinstance(session, DecidingSession):
            return await self.all(session, **values)
        await session.flush()
        return await self._fetched(partial(rows.fetch_in, session), values)

    async def _fetched(self, fetch: rows.Fetch, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        sql, parameters, parts = self._compiled
        found = []
        for record in await fetch(sql, *(bound(values) for bound in parameters)):
            each = iter(record)
            found.append(tuple([part(each) for part in parts]))
        return found

    async def one(self, session: AsyncSession, **values: Any) -> tuple[Any, ...] | None:
        """The first row, None where there is none."""
        found = await self.all(session, **values)
        return found[0] if found else None

    @cached_property
    def _compiled(self) -> _Compiled:
        compiled: Any = self._statement.compile(
            dialect=rows.DIALECT, compile_kwargs={"render_postcompile": True}
        )
        return _Compiled(
            compiled.string,
            [_bound(n, compiled.params[n], compiled.binds.get(n)) for n in compiled.positiontup],
            [_part(one) for one in self._statement.column_descriptions],
        )


def _bound(
    name: str, fixed: Any, parameter: BindParameter[Any] | None
) -> Callable[[Mapping[str, Any]], Any]:
    """`fixed` where the parameter is none of those that are asked for; without a parameter of its
    own it is one of a list that stands in the statement."""
    turn = None if parameter is None else rows.to_driver(parameter.type)
    known = turn(fixed) if turn and fixed is not None else fixed

    def bound(values: Mapping[str, Any]) -> Any:
        if name not in values:
            return known
        return turn(values[name]) if turn else values[name]

    return bound


def _part(described: Any) -> Callable[[Values], Any]:
    kind = described["expr"]
    if isinstance(kind, type) and issubclass(kind, SQLModel):
        return _model(kind)
    turn = rows.from_driver(described["type"])
    return (lambda each: turn(next(each))) if turn else next


def _model(kind: type[SQLModel]) -> Callable[[Values], Any]:
    count, key = (
        len(rows.fields(kind)),
        next(n for n, f in enumerate(rows.fields(kind).values()) if f.is_key),
    )

    def model(each: Values) -> Any:
        values = [next(each) for _ in range(count)]
        return None if values[key] is None else rows.loaded(kind, values)

    return model
