"""Changes cells of whole columns while the services run: what `seal_anew` and `index_anew` share.

Rows are done in small batches, each a transaction of its own; a row that somebody holds or has
changed since it was read is left for the next pass, and nobody waits for one longer than a batch
takes. Ending it loses nothing: what is done is done, and it goes on from there. It works as the
owner of the databases, for some tables are only ever added to: there a batch turns their protection
off for itself alone, within its transaction, and no other session sees it off. What was done is
noted in the audit log.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg

from deploy import running
from deploy.services import SERVICES
from shared.security.crypto import Keyring

BATCH = 200
PASSES = 10
PAUSE_SECONDS = 0.02
LOCK_TIMEOUT = "200ms"

_PROTECTIONS = """
SELECT tgname FROM pg_trigger
WHERE tgrelid = $1::regclass AND tgfoid = to_regproc('refuse_change') AND NOT tgisinternal
"""
_NOTE = """
INSERT INTO audit_log (at, actor, action, object, details)
VALUES ($1, 'deploy', $2, $3, jsonb_build_object('key', $4::text))
"""

Report = Callable[[str], None]
Fresh = tuple[asyncpg.Record, str]
"""A row (its primary key, and its `cell`) and what its cell is to be."""


class UnknownColumns(Exception):
    """The database has columns that the code does not know, so no key can be let go."""


class Column(Protocol):
    """A column, and the columns of its primary key with their types in PostgreSQL."""

    @property
    def table(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def key(self) -> Mapping[str, str]: ...


@dataclass
class Outcome:
    """What became of the cells of a service: counts, and of cells by the key that they are under.

    `left`: their rows were held or changed meanwhile. `closed`: no key that is loaded fits them.
    """

    changed: int = 0
    left: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Change:
    """What is done to the cells of one column.

    `stale` is a condition of the cells that are looked for, of which $1 is `marked`. `fresh` gives
    what such a cell is to be, None where no key fits it; `put` puts it in place and returns of how
    many rows, within the transaction. `tables` are those that it changes. Where `split`, a batch
    that meets a lock is tried in halves.
    """

    column: Column
    stale: str
    marked: str
    fresh: Callable[[asyncpg.Record], str | None]
    put: Callable[[asyncpg.Connection, Sequence[Fresh]], Awaitable[int]]
    tables: Sequence[str]
    action: str
    key: str
    split: bool = False


@dataclass(frozen=True)
class Cells:
    """The statements for one column."""

    column: Column

    def stale(self, condition: str, *, further: bool) -> str:
        """Cells of the condition; `further`: after the row whose key is given."""
        column, names = self.column, ", ".join(self.column.key)
        after = ", ".join(f"${place}::{kind}" for place, kind in self._typed(2))
        return (
            f"SELECT {names}, {column.name} AS cell FROM {column.table}"
            f" WHERE {column.name} IS NOT NULL AND {condition}"
            + (f" AND ({names}) > ({after})" if further else "")
            + f" ORDER BY {names} LIMIT {BATCH}"
        )

    @property
    def swap(self) -> str:
        """Puts fresh cells where the old ones still are, and where nobody holds the row."""
        table, name, names = self.column.table, self.column.name, ", ".join(self.column.key)
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in self._typed(3))
        same = " AND ".join(f"t.{part} = free.{part}" for part in self.column.key)
        ours = ", ".join(f"t.{part}" for part in self.column.key)
        return (
            f"WITH free AS ("
            f"SELECT {ours}, n.seen, n.fresh FROM {table} t"
            f" JOIN unnest($1::text[], $2::text[], {arrays}) AS n (seen, fresh, {names})"
            f" USING ({names}) WHERE t.{name} = n.seen FOR NO KEY UPDATE OF t SKIP LOCKED)"
            f" UPDATE {table} t SET {name} = free.fresh FROM free"
            f" WHERE {same} AND t.{name} = free.seen"
        )

    def _typed(self, first: int) -> enumerate[str]:
        return enumerate(self.column.key.values(), first)

    async def put(self, connection: asyncpg.Connection, fresh: Sequence[Fresh]) -> int:
        """Compares and swaps each cell; of how many rows."""
        values = [[row["cell"] for row, _ in fresh], [cell for _, cell in fresh]]
        values += [[row[part] for row, _ in fresh] for part in self.column.key]
        return int((await connection.execute(self.swap, *values)).split()[-1])


async def go_through(
    connection: asyncpg.Connection, change: Change, outcome: Outcome, report: Report
) -> None:
    """Until a pass finds nothing more to do, and so often at most as `PASSES` says."""
    name, changed = f"{change.column.table}.{change.column.name}", 0
    for _ in range(PASSES):
        done, left, closed = await _pass(connection, change)
        changed += done
        if not left:
            break
        await asyncio.sleep(PAUSE_SECONDS * 10)
    outcome.changed += changed
    outcome.left += left
    outcome.closed += Counter({name: closed})
    if changed or left or closed:
        report(f"{name}: {counts(changed, left, closed)}")


async def _pass(connection: asyncpg.Connection, change: Change) -> tuple[int, int, int]:
    """Once through the column, in the order of its key: changed, left, and fitting no key."""
    cells, done, seen, closed = Cells(change.column), 0, 0, 0
    protections = [
        (table, row[0])
        for table in change.tables
        for row in await connection.fetch(_PROTECTIONS, table)
    ]
    statement, after = cells.stale(change.stale, further=False), list[Any]()
    while rows := await connection.fetch(statement, change.marked, *after):
        fresh = [(row, change.fresh(row)) for row in rows]
        fitting = [(row, cell) for row, cell in fresh if cell is not None]
        done += await _put(connection, change, protections, fitting, noted=done > 0)
        seen, closed = seen + len(fitting), closed + len(fresh) - len(fitting)
        statement = cells.stale(change.stale, further=True)
        after = [rows[-1][part] for part in change.column.key]
        if len(rows) < BATCH:
            break  # The end, though somebody who still has the old key may go on adding to it.
        await asyncio.sleep(PAUSE_SECONDS)
    return done, seen - done, closed


async def _put(
    connection: asyncpg.Connection,
    change: Change,
    protections: Sequence[tuple[str, str]],
    fresh: Sequence[Fresh],
    *,
    noted: bool,
) -> int:
    """How many rows were changed, in one transaction; none where something is held too long."""
    try:
        return await _transaction(connection, change, protections, fresh, noted=noted)
    except (
        asyncpg.LockNotAvailableError,
        asyncpg.DeadlockDetectedError,
        asyncpg.UniqueViolationError,
    ):
        if not change.split or len(fresh) == 1:
            return 0
    half, done = len(fresh) // 2, 0
    for part in (fresh[:half], fresh[half:]):
        done += await _put(connection, change, protections, part, noted=noted or done > 0)
    return done


async def _transaction(
    connection: asyncpg.Connection,
    change: Change,
    protections: Sequence[tuple[str, str]],
    fresh: Sequence[Fresh],
    *,
    noted: bool,
) -> int:
    """A protection is turned off before any row is locked, so that it waits with nothing in hand.

    `noted`: the audit log has it already that this column is changed.
    """
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        for table, name in protections:
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        done = await change.put(connection, fresh)
        for table, name in protections:
            await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
        if done and not noted:
            about = f"{change.column.table}.{change.column.name}"
            await connection.execute(_NOTE, datetime.now(UTC), change.action, about, change.key)
        return done


async def count(
    connection: asyncpg.Connection, questions: Sequence[tuple[str, Sequence[Any]]]
) -> Counter[str]:
    """How many cells are under each key by these statements, all of them at one moment.

    Some cells move from one column to another as they are, and would be missed in both otherwise.
    """
    keys: Counter[str] = Counter()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for statement, arguments in questions:
            for key, found in await connection.fetch(statement, *arguments):
                keys[key] += found
    return keys


def present_keyring() -> Keyring:
    """By the keys of the system that is addressed."""
    column_keys = running.address("ONEDOOR_COLUMN_KEYS")
    return Keyring(column_keys, running.address("ONEDOOR_INDEX_KEY"))


async def every_service(
    change: Callable[[str, str, Keyring, Report], Awaitable[Outcome]],
    keyring: Keyring,
    verdicts: Callable[[Keyring, Counter[str]], Sequence[str]],
    newest: str,
) -> bool:
    """Changes all services and says so; whether no cell is left under another key than `newest`."""
    total: Counter[str] = Counter()
    for service in SERVICES:
        print(f"{service}:")
        url = running.owner_url(service)
        outcome = await change(service, url, keyring, lambda line: print(f"  {line}", flush=True))
        total += outcome.keys
        print(f"  {counts(outcome.changed, outcome.left, outcome.closed.total())}")
    for line in verdicts(keyring, total):
        print(line)
    return total.keys() <= {newest}


def counts(changed: int, left: int, closed: int) -> str:
    """The counts in both languages."""
    return (
        f"已更新 {changed}，留待下次 {left}，无匹配密钥 {closed}"
        f" | {changed} done anew, {left} left, {closed} fit no key"
    )
