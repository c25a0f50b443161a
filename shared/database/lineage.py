"""Which migrations a database has been through, in order: what lets an older release know a newer.

Alembic keeps the last one alone, and a release knows its own migrations alone, so that the name of
a later one could be anything. `alembic_lineage` is kept beside it, in the transaction of each
migration. Migrations only ever add, so a release works on whatever descends from its own.
"""

from collections.abc import Collection, Sequence

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import addresses

TABLE = addresses.LINEAGE

_MAKE = text(
    f"CREATE TABLE IF NOT EXISTS {TABLE}"
    " (position integer PRIMARY KEY, revision text NOT NULL UNIQUE)"
)
_CLEAR = text(f"DELETE FROM {TABLE}")
_ADD = text(f"INSERT INTO {TABLE} (position, revision) VALUES (:position, :revision)")
_IS_THERE = text(f"SELECT to_regclass('{TABLE}') IS NOT NULL")
_APPLIED = text(f"SELECT revision FROM {TABLE} ORDER BY position")
_STANDS_AT = text("SELECT version_num FROM alembic_version")


def record(connection: Connection, script: ScriptDirectory, heads: Collection[str]) -> None:
    """Note what leads to `heads`, as the owner; in the caller's transaction.

    Heads of a later release, which `script` has not, are left as that release noted them.
    """
    if not {*heads} <= {*revisions(script)}:
        return
    connection.execute(_MAKE)
    connection.execute(_CLEAR)
    newest_first = [each.revision for each in script.iterate_revisions(tuple(heads), "base")]
    applied = enumerate(reversed(newest_first), 1) if heads else ()
    for position, revision in applied:
        connection.execute(_ADD, {"position": position, "revision": revision})


def descends(connection: Connection, head: str | None, heads: Sequence[str]) -> bool:
    """Whether `heads`, where the database stands, come after `head`."""
    if not connection.execute(_IS_THERE).scalar_one():
        return False
    return comes_after(head, heads, connection.execute(_APPLIED).scalars().all())


async def standing(session: AsyncSession, head: str | None, known: Collection[str]) -> str:
    """`ok` where the database stands at `head` or at what descends from it; else what is wrong.

    `known` are the migrations of this release.
    """
    heads = (await session.execute(_STANDS_AT)).scalars().all()
    if [*heads] == [head]:
        return "ok"
    applied: Sequence[str] = ()
    if (await session.execute(_IS_THERE)).scalar_one():
        applied = (await session.execute(_APPLIED)).scalars().all()
    if comes_after(head, heads, applied):
        return "ok"
    at = ", ".join(sorted(heads)) or "none"
    if {*heads} <= {*known}:
        return f"behind: at migration {at}, not {head}"
    return f"of another line: at migration {at}, which is not known to come after {head}"


def comes_after(head: str | None, heads: Sequence[str], applied: Sequence[str]) -> bool:
    """Whether the line that was `applied` ends where the database stands, and `head` is in it.

    A line that ends elsewhere is not this database's: somebody moved it by other means.
    """
    return bool(applied) and [*heads] == [applied[-1]] and head in applied[:-1]


def revisions(script: ScriptDirectory) -> list[str]:
    """Every migration that this release has."""
    return [each.revision for each in script.walk_revisions()]
