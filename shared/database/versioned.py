"""A change of what has a version: nobody overwrites what they have not seen.

Read, decide, swap: a use case reads a row without locking it, decides by pure rules, and swaps it.
The swap finds out whether the row has changed since. Of two that decide on the same version one
wins; the other is told how things stand now.

`SwapStatement` (`swap_statement.py`) is the way for a use case of its own: what was read is
swapped, and events, answer and whatever else it writes go with it, in one statement without a
transaction block. Who reads by a session asks for one that decides (`deciding.py`): `swap` in it
goes with that statement. In a session with a transaction, where a decision needs several
statements or locks, `swap` is done at once.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, inspect, select, update
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.database.rows import keys
from shared.errors import NotFound, Text
from shared.workflow import refuse

M = TypeVar("M", bound=SQLModel)


async def swap(
    session: AsyncSession,
    seen: M,
    changes: Mapping[str, Any],
    state: str = "state",
    counter: str = "version",
    says: Callable[[M], Text] | None = None,
    follows: bool = False,
) -> M:
    """The row with `changes` and the next version, if nobody has changed it since it was `seen`.

    `state` is the attribute that the refusal names; `counter` the column that counts the changes,
    for a row may have a second version, of a part; `says` puts the present row into words.
    Raises StateConflict with the present state and version, or NotFound
    where the row is gone.

    In a session that decides it is swapped by the request's statement, and refused by it; where it
    only `follows` from what was asked, all is decided anew.
    """
    if isinstance(session, DecidingSession):
        return session.statement.swap(
            seen, changes, state=state, counter=counter, says=says, follows=follows
        )
    if (changed := await _swapped(session, seen, changes, counter)) is not None:
        return changed
    identity = tuple(getattr(seen, name) for name in keys(type(seen)))
    present = await session.get(type(seen), identity, populate_existing=True)
    if present is None:
        raise NotFound
    return refuse(getattr(present, state), getattr(present, counter), says and says(present))


async def hold(session: AsyncSession, seen: M, *, counter: str = "version") -> M:
    """The row, if it is as it was `seen`, and so that it stays so until all is written.

    Raises Overtaken where it has changed: all is decided anew.
    """
    if isinstance(session, DecidingSession):
        return session.statement.hold(seen, counter=counter)
    kind: Any = type(seen)
    unchanged = [*_is_row(seen), getattr(kind, counter) == getattr(seen, counter)]
    found = await session.execute(select(1).where(*unchanged).with_for_update(read=True, of=kind))
    if found.first() is None:
        raise Overtaken
    return seen


async def _swapped(
    session: AsyncSession, seen: M, changes: Mapping[str, Any], counter: str
) -> M | None:
    """The row as it is then, None where somebody was faster."""
    kind: Any = type(seen)
    known: int = getattr(seen, counter)
    statement = (
        update(kind)
        .where(*_is_row(seen), getattr(kind, counter) == known)
        .values({**changes, counter: known + 1})
        .returning(kind)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    found: M | None = (await session.execute(statement)).scalar_one_or_none()
    return found


def _is_row(seen: SQLModel) -> list[ColumnElement[bool]]:
    mapper = inspect(type(seen))
    return [
        column == getattr(seen, mapper.get_property_by_column(column).key)
        for column in mapper.primary_key
    ]
