"""`make index-anew`: brings every stored digest under the newest of the index keys.

How the index key is changed:

1. Append the new key to ONEDOOR_INDEX_KEY, as `,<the day, 20261130>:<base64>`, for all services.
2. Stop all processes of a service and start them: feedback, then appointments, then the gateway.
3. `make index-anew`, as often as it says that digests were left.

The services go on during the last step: `anew` says how. No key is removed, for each digests what
the one before it has digested; an old one alone then tells nobody anything. What is compared with
each other, such as the numbers of a person, changes in one transaction in every table.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial

import asyncpg

from deploy import anew
from deploy.anew import Fresh, Outcome, Report
from shared.database import digest_columns as digests
from shared.database.digest_columns import DigestColumn, Movers
from shared.database.migrate import metadata_of
from shared.security.crypto import CannotOpen, Keyring
from shared.security.index_chain import UnknownIndexKey

FIRST = "first"
"""How the first key is named to people; it has no id."""


async def index_anew(service: str, owner_url: str, keyring: Keyring, report: Report) -> Outcome:
    """Lifts what is in the database of `service`, until a pass finds nothing more to do."""
    columns = digests.digest_columns(metadata_of(service))
    connection = await asyncpg.connect(owner_url, timeout=5)
    outcome = Outcome()
    try:
        for column in columns:
            change = _change(column, _group(column, columns), keyring)
            await anew.go_through(connection, change, outcome, report)
        questions = [(_keys(column), [column.kind]) for column in columns]
        outcome.keys = await anew.count(connection, questions)
    finally:
        await connection.close()
    return outcome


def _group(column: DigestColumn, columns: Sequence[DigestColumn]) -> list[DigestColumn]:
    """The columns that are compared with it, itself included, in the order of locking."""
    return [other for other in columns if other == column or (column.of and other.of == column.of)]


def _change(column: DigestColumn, group: Sequence[DigestColumn], keyring: Keyring) -> anew.Change:
    def fresh(row: asyncpg.Record) -> str | None:
        try:
            return column.lift(keyring.index, row["cell"])
        except UnknownIndexKey:
            return None

    put = anew.Cells(column).put
    if column.is_counter:
        put = partial(_forget, column)
    elif len(group) > 1:
        put = partial(_together, group, keyring)
    return anew.Change(
        column,
        stale=f"{column.name} ~ $1",
        marked=column.stale(keyring.index),
        fresh=fresh,
        put=put,
        tables=list(dict.fromkeys(each.table for each in group)),
        action="column.indexed_anew",
        key=keyring.index.ids[-1] or FIRST,
        split=True,
    )


async def _together(
    group: Sequence[DigestColumn],
    keyring: Keyring,
    connection: asyncpg.Connection,
    fresh: Sequence[Fresh],
) -> int:
    """Every cell of the group that has one of the values; of how many of the rows, all or none."""
    lifted = {row["cell"]: cell for row, cell in fresh}
    for column in group:
        if not column.is_key:
            await connection.execute(digests.by_value(column), [*lifted], [*lifted.values()])
            continue
        movers = Movers(column, CannotOpen)
        rows = await connection.fetch(movers.rows, [*lifted])
        await connection.execute(movers.move, *movers.values(keyring, rows))
    return len(fresh)


async def _forget(
    column: DigestColumn, connection: asyncpg.Connection, fresh: Sequence[Fresh]
) -> int:
    gone = await connection.execute(digests.forget(column), [row["cell"] for row, _ in fresh])
    return int(gone.split()[-1])


def _keys(column: DigestColumn) -> str:
    """How many digests are of each key; the first has no id."""
    bare = f"regexp_replace({column.name}, $1, '')"
    key = f"CASE WHEN {bare} LIKE '%.%' THEN split_part({bare}, '.', 1) ELSE '{FIRST}' END"
    return f"SELECT {key}, count(*) FROM {column.table} WHERE {column.name} ~ $1 GROUP BY 1"


def verdicts(keyring: Keyring, keys: Counter[str]) -> list[str]:
    """Of each key but the newest: how many digests are under it still, or that none is."""
    *older, newest = [key or FIRST for key in keyring.index.ids]
    lines = []
    for key in dict.fromkeys([*older, *sorted(keys.keys() - {newest})]):
        zh = "最早的密钥" if key == FIRST else f"密钥 {key}"
        if key not in older:
            lines.append(
                f"{zh}：有 {keys[key]} 处摘要由它生成，但 ONEDOOR_INDEX_KEY 中没有，请补上"
                f" | {key} key: {keys[key]} digests are under it, and ONEDOOR_INDEX_KEY lacks it:"
                " put it back"
            )
        elif keys[key]:
            lines.append(
                f"{zh}：仍有 {keys[key]} 处摘要，请再运行一次"
                f" | {key} key: {keys[key]} digests are still under it, run this again"
            )
        else:
            lines.append(
                f"{zh}：已无摘要仅由它生成；它是后面密钥的基础，请留在 ONEDOOR_INDEX_KEY 中"
                f" | {key} key: no digest is under it alone; the later keys build on it, so keep it"
                " in ONEDOOR_INDEX_KEY"
            )
    return lines


def main() -> int:
    """0 when every digest is of the newest key, else 1."""
    keyring = anew.present_keyring()
    done = anew.every_service(index_anew, keyring, verdicts, keyring.index.ids[-1] or FIRST)
    return 0 if asyncio.run(done) else 1


if __name__ == "__main__":
    sys.exit(main())
