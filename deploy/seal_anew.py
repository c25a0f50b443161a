"""`make seal-anew`: seals every encrypted cell anew under the first of the column keys.

How a column key is changed while the system runs:

1. Append the new key to ONEDOOR_COLUMN_KEYS and restart: every process can open what it seals.
2. Move it to the front and restart: it seals what is written from now on.
3. `make seal-anew`, as often as it says that rows were left.
4. Remove each key of which it says that no cell needs it, and restart.

The services go on meanwhile. Rows are done in small batches, each a transaction of its own; a row
that somebody holds or has changed since it was read is left for the next pass, and nobody waits for
one longer than a batch takes. Ending the command loses nothing: what is done is done, and it goes
on from there. It works as the owner of the databases, for some tables are only ever added to: there
a batch turns their protection off for itself alone, within its transaction, and no other session
sees it off. What was done is noted in the audit log.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import asyncpg

from deploy import running
from deploy.services import SERVICES
from shared.database.sealed_columns import SealedColumn, is_sealed, sealed_columns
from shared.security.crypto import CannotOpen, Keyring

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
VALUES ($1, 'deploy', 'column.sealed_anew', $2, jsonb_build_object('key', $3::text))
"""
_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public'
"""

Report = Callable[[str], None]


class UnknownColumns(Exception):
    """The database has sealed columns that the code does not know, so no key can be let go."""


@dataclass
class Outcome:
    """What became of the cells of a service: counts, and of cells by the key that opens them.

    `left`: their rows were held or changed meanwhile. `closed`: no key that is loaded opens them.
    """

    sealed: int = 0
    left: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Cells:
    """The statements for one column."""

    column: SealedColumn

    def stale(self, *, further: bool) -> str:
        """Cells that the first key did not seal; `further`: after the row whose key is given."""
        column, names = self.column, ", ".join(self.column.key)
        after = ", ".join(f"${place}::{kind}" for place, kind in self._typed(2))
        return (
            f"SELECT {names}, {column.name} AS cell FROM {column.table}"
            f" WHERE {column.name} IS NOT NULL AND NOT starts_with({column.name}, $1)"
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

    @property
    def keys(self) -> str:
        """How many cells each key sealed."""
        name, table = self.column.name, self.column.table
        return (
            f"SELECT split_part({name}, '|', 3), count(*) FROM {table}"
            f" WHERE {name} IS NOT NULL GROUP BY 1"
        )

    def _typed(self, first: int) -> enumerate[str]:
        return enumerate(self.column.key.values(), first)


async def seal_anew(service: str, owner_url: str, keyring: Keyring, report: Report) -> Outcome:
    """Seals anew what is in the database of `service`, until a pass finds nothing more to do.

    Raises UnknownColumns.
    """
    import_module(f"services.{service}.app")  # which declares the tables of every room
    metadata = import_module(f"services.{service}.tables").Table.metadata
    connection = await asyncpg.connect(owner_url, timeout=5)
    outcome = Outcome()
    try:
        columns = list(sealed_columns(metadata))
        await _ensure_known(connection, columns)
        for column in columns:
            await _column(connection, column, keyring, outcome, report)
        outcome.keys = await _count(connection, columns)
    finally:
        await connection.close()
    return outcome


async def _ensure_known(connection: asyncpg.Connection, columns: Sequence[SealedColumn]) -> None:
    found = {tuple(row) for row in await connection.fetch(_COLUMNS) if is_sealed(row[1])}
    unknown = found - {(column.table, column.name) for column in columns}
    if unknown:
        raise UnknownColumns(", ".join(sorted(".".join(names) for names in unknown)))


async def _count(connection: asyncpg.Connection, columns: Sequence[SealedColumn]) -> Counter[str]:
    """How many cells each key sealed, all of them at one moment: some move from one column to
    another as they are, and would be missed where they went after it was counted.
    """
    keys: Counter[str] = Counter()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for column in columns:
            for key, count in await connection.fetch(_Cells(column).keys):
                keys[key] += count
    return keys


async def _column(
    connection: asyncpg.Connection,
    column: SealedColumn,
    keyring: Keyring,
    outcome: Outcome,
    report: Report,
) -> None:
    name, sealed = f"{column.table}.{column.name}", 0
    for _ in range(PASSES):
        done, left, closed = await _pass(connection, column, keyring)
        sealed += done
        if not left:
            break
        await asyncio.sleep(PAUSE_SECONDS * 10)
    outcome.sealed += sealed
    outcome.left += left
    outcome.closed += Counter({name: closed})
    if sealed or left or closed:
        report(f"{name}: {_counts(sealed, left, closed)}")


async def _pass(
    connection: asyncpg.Connection, column: SealedColumn, keyring: Keyring
) -> tuple[int, int, int]:
    """Once through the column in the order of its key: cells sealed, left, and not to be opened."""
    cells, done, seen, closed = _Cells(column), 0, 0, 0
    protections = [row[0] for row in await connection.fetch(_PROTECTIONS, column.table)]
    statement, after = cells.stale(further=False), list[Any]()
    while rows := await connection.fetch(statement, keyring.prefix, *after):
        fresh = [(row, _fresh(column, row, keyring)) for row in rows]
        opened = [(row, cell) for row, cell in fresh if cell is not None]
        note = None if done else keyring.key_ids[0]
        done += await _swap(connection, cells, protections, opened, note)
        seen, closed = seen + len(opened), closed + len(fresh) - len(opened)
        statement = cells.stale(further=True)
        after = [rows[-1][part] for part in column.key]
        if len(rows) < BATCH:
            break  # The end, though somebody who still has the old key may go on adding to it.
        await asyncio.sleep(PAUSE_SECONDS)
    return done, seen - done, closed


def _fresh(column: SealedColumn, row: asyncpg.Record, keyring: Keyring) -> str | None:
    try:
        return keyring.seal_anew(row["cell"], where=column.where, row=column.row_of(dict(row)))
    except CannotOpen:
        return None


async def _swap(
    connection: asyncpg.Connection,
    cells: _Cells,
    protections: Sequence[str],
    fresh: Sequence[tuple[asyncpg.Record, str]],
    note: str | None,
) -> int:
    """How many cells were put in place, in one transaction; none where the table is held too long.

    A protection is turned off before any row is locked, so that it waits with nothing in its hands.
    `note`: the key, where the audit log does not have it yet that this column is sealed anew.
    """
    table, key = cells.column.table, cells.column.key
    values = [[row["cell"] for row, _ in fresh], [cell for _, cell in fresh]]
    values += [[row[part] for row, _ in fresh] for part in key]
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            for name in protections:
                await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
            done = int((await connection.execute(cells.swap, *values)).split()[-1])
            for name in protections:
                await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
            if done and note:
                about = f"{table}.{cells.column.name}"
                await connection.execute(_NOTE, datetime.now(UTC), about, note)
            return done
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
        return 0


def _counts(sealed: int, left: int, closed: int) -> str:
    return (
        f"已重新加密 {sealed}，留待下次 {left}，无法打开 {closed}"
        f" | {sealed} sealed anew, {left} left, {closed} cannot be opened"
    )


def verdicts(keyring: Keyring, keys: Counter[str]) -> list[str]:
    """Of each key but the first: how many cells still need it, or that it may go."""
    lines = []
    for key in dict.fromkeys([*keyring.key_ids[1:], *sorted(keys - Counter(keyring.key_ids[:1]))]):
        if key == keyring.key_ids[0]:
            continue
        if keys[key]:
            lines.append(
                f"密钥 {key}：仍有 {keys[key]} 处使用，请保留"
                f" | key {key}: {keys[key]} cells still need it, keep it"
            )
        else:
            lines.append(
                f"密钥 {key}：已无数据使用，各进程改用新密钥后可移除；旧备份仍需它，请妥善保存"
                f" | key {key}: no cell needs it; remove it once every process seals with the new"
                " one, and keep it as safely as before for the backups that need it"
            )
    return lines


async def _all(keyring: Keyring) -> bool:
    """Whether no cell is left that another than the first key sealed."""
    total: Counter[str] = Counter()
    for service in SERVICES:
        print(f"{service}:")
        url = running.owner_url(service)
        outcome = await seal_anew(
            service, url, keyring, lambda line: print(f"  {line}", flush=True)
        )
        total += outcome.keys
        print(f"  {_counts(outcome.sealed, outcome.left, outcome.closed.total())}")
    for line in verdicts(keyring, total):
        print(line)
    return not total - Counter({keyring.key_ids[0]: total[keyring.key_ids[0]]})


def main() -> int:
    """0 when every cell is sealed by the first key, else 1."""
    column_keys = running.address("ONEDOOR_COLUMN_KEYS")
    keyring = Keyring(column_keys, running.address("ONEDOOR_INDEX_KEY"))
    try:
        return 0 if asyncio.run(_all(keyring)) else 1
    except UnknownColumns as unknown:
        sys.exit(
            f"代码不认识这些加密列：{unknown}。 The code does not know these columns: {unknown}."
        )


if __name__ == "__main__":
    sys.exit(main())
