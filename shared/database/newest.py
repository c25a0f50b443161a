"""The newest row of a table by simple conditions, for what shows examples of what there is."""

from collections.abc import Iterable
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession


async def newest(session: AsyncSession, table: Any, *where: Any, by: Any = None) -> Any:
    """The row with the highest `by` (its id) of which all of `where` is true, None for none."""
    order = col(table.id if by is None else by).desc()
    return (await session.exec(select(table).where(*where).order_by(order).limit(1))).first()


async def newest_in(session: AsyncSession, table: Any, states: Iterable[Any], *where: Any) -> Any:
    """The newest row in one of these states."""
    return await newest(session, table, col(table.state).in_(list(states)), *where)


def values_of(column: Any, *where: Any) -> Any:
    """A subquery for `in_`: the values of a column."""
    return select(column).where(*where)
