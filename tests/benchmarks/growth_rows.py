"""A million of everything that is written to the city, by SQL, years of it.

The triggers that mark what is to be counted anew are off meanwhile: it is as when these tables
first meet the release that counts.
"""

import asyncio

import asyncpg

from shared.security.crypto import Keyring
from tests import support
from tests.benchmarks.growth_tables import GROWN, Grown

A_TIME = 50_000
CAUGHT_UP_SECONDS = 1800
AFTER = {
    "feedback": ("DELETE FROM counted_day", "DELETE FROM public_figures"),
}
UNCOUNTED = {
    "feedback": "SELECT (SELECT count(*) FROM counted_day) <"
    " current_date - (SELECT min(received_at)::date FROM letter)"
    " OR (SELECT count(*) FROM counted_rating_day) <"
    " current_date - (SELECT min(invited_at)::date FROM rating_invitation)",
}
"""Whether the jobs are still to count what came."""


async def load(service: str, owner: asyncpg.Connection, many: int, keyring: Keyring) -> None:
    """Adds `many` rows of each; its tables are analysed afterwards."""
    for table in {grown.table for grown in GROWN[service]}:
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for grown in GROWN[service]:
        rows = int(many * float(grown.each))
        statement = await _statement(owner, grown, rows)
        for first in range(1, rows + 1, A_TIME):
            last = min(first + A_TIME - 1, rows)
            sealed = _sealed(keyring, first, last) if grown.table == "letter" else ()
            await owner.execute(statement, first, last, *sealed)
    for table in {grown.table for grown in GROWN[service]}:
        await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        await owner.execute(f"VACUUM ANALYZE {table}")
    for statement in AFTER[service]:
        await owner.execute(statement)


def _sealed(keyring: Keyring, first: int, last: int) -> tuple[list[str], list[str]]:
    """Titles and bodies that open only where they stand."""
    ids = [f"01900000-aaaa-7000-8000-{n:012x}" for n in range(first, last + 1)]
    return (
        [keyring.seal("路灯不亮", where="letter.title", row=each) for each in ids],
        [keyring.seal("路灯坏了半个月", where="letter.body", row=each) for each in ids],
    )


async def counted(service: str, owner: asyncpg.Connection) -> None:
    """Waits until the jobs of the service have counted what came."""

    async def nothing_left() -> bool:
        await asyncio.sleep(1)
        return not await owner.fetchval(UNCOUNTED[service])

    await support.eventually(nothing_left, seconds=CAUGHT_UP_SECONDS)


async def _statement(owner: asyncpg.Connection, grown: Grown, rows: int) -> str:
    """Inserts the rows from number $1 to $2."""
    known = await owner.fetch(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1"
        " AND is_identity = 'NO' ORDER BY ordinal_position",
        grown.table,
    )
    names = [f'"{row["name"]}"' for row in known]
    values = [grown.columns.get(row["name"], f'(t.model)."{row["name"]}"') for row in known]
    return (
        f"INSERT INTO {grown.table} ({', '.join(names)}) SELECT {', '.join(values)}"
        f" FROM generate_series($1::int, $2::int) n LEFT JOIN"
        f" (SELECT model FROM {grown.table} model WHERE {grown.model} LIMIT 1) t ON true"
        f" WHERE {grown.only}"
    ).replace(":many", str(rows))
