"""`make seal-anew`: seals every encrypted cell anew under the first of the column keys.

How a column key is changed while the system runs:

1. Append the new key to ONEDOOR_COLUMN_KEYS and restart: every process can open what it seals.
2. Move it to the front and restart: it seals what is written from now on.
3. `make seal-anew`, as often as it says that rows were left.
4. Remove each key of which it says that no cell needs it, and restart.

The services go on meanwhile: `anew` says how.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence

import asyncpg

from deploy import anew
from deploy.anew import Outcome, Report, UnknownColumns
from shared.database.migrate import metadata_of
from shared.database.sealed_columns import SealedColumn, is_sealed, sealed_columns
from shared.security.crypto import CannotOpen, Keyring

_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public'
"""


async def seal_anew(service: str, owner_url: str, keyring: Keyring, report: Report) -> Outcome:
    """Seals anew what is in the database of `service`, until a pass finds nothing more to do.

    Raises UnknownColumns.
    """
    connection = await asyncpg.connect(owner_url, timeout=5)
    outcome = Outcome()
    try:
        columns = list(sealed_columns(metadata_of(service)))
        await _ensure_known(connection, columns)
        for column in columns:
            await anew.go_through(connection, _change(column, keyring), outcome, report)
        outcome.keys = await anew.count(connection, [(_keys(column), ()) for column in columns])
    finally:
        await connection.close()
    return outcome


async def _ensure_known(connection: asyncpg.Connection, columns: Sequence[SealedColumn]) -> None:
    found = {tuple(row) for row in await connection.fetch(_COLUMNS) if is_sealed(row[1])}
    unknown = found - {(column.table, column.name) for column in columns}
    if unknown:
        raise UnknownColumns(", ".join(sorted(".".join(names) for names in unknown)))


def _change(column: SealedColumn, keyring: Keyring) -> anew.Change:
    def fresh(row: asyncpg.Record) -> str | None:
        try:
            return keyring.seal_anew(row["cell"], where=column.where, row=column.row_of(dict(row)))
        except CannotOpen:
            return None

    return anew.Change(
        column,
        stale=f"NOT starts_with({column.name}, $1)",
        marked=keyring.prefix,
        fresh=fresh,
        put=anew.Cells(column).put,
        tables=[column.table],
        action="column.sealed_anew",
        key=keyring.key_ids[0],
    )


def _keys(column: SealedColumn) -> str:
    """How many cells each key sealed."""
    return (
        f"SELECT split_part({column.name}, '|', 3), count(*) FROM {column.table}"
        f" WHERE {column.name} IS NOT NULL GROUP BY 1"
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


def main() -> int:
    """0 when every cell is sealed by the first key, else 1."""
    keyring = anew.present_keyring()
    try:
        done = anew.every_service(seal_anew, keyring, verdicts, keyring.key_ids[0])
        return 0 if asyncio.run(done) else 1
    except UnknownColumns as unknown:
        sys.exit(
            f"代码不认识这些加密列：{unknown}。 The code does not know these columns: {unknown}."
        )


if __name__ == "__main__":
    sys.exit(main())
