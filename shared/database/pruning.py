"""Rows that are forgotten after a time, the oldest first.

A batch is a transaction of its own, short enough to be in nobody's way. Its job goes on at once
while batches were full (`shared.jobs`), so that what is written is what is forgotten, at any rate.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.jobs import Job

BATCH = 5000
EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Pruned:
    """A table whose rows are forgotten so long after the moment in their indexed column `since`.

    Rows without that moment stay. `batch` is how many go at once: few, where more goes with each.
    """

    table: str
    since: str
    kept: timedelta
    batch: int = BATCH

    def job(self, name: str = "") -> Job:
        """What forgets them, each minute and without a ceiling; `name` where it is another's."""
        return Job(name or f"prune-{self.table}", EVERY, self.prune, batch=self.batch)

    async def prune(self, session: AsyncSession, now: datetime) -> int:
        """Forget a batch; returns how many rows it was of, `batch` if there may be more."""
        gone = text(
            f"DELETE FROM {self.table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {self.table}"
            f" WHERE {self.since} < :before ORDER BY {self.since} LIMIT {self.batch}))"
        )
        result: Any = await session.execute(gone, {"before": now - self.kept})
        return int(result.rowcount)

    async def lag(self, connection: AsyncConnection, now: datetime) -> float:
        """For how many seconds the oldest row should have been gone; 0 while pruning keeps up."""
        oldest = text(f"SELECT min({self.since}) FROM {self.table}")
        since: datetime | None = (await connection.execute(oldest)).scalar_one()
        return max((now - self.kept - since).total_seconds(), 0) if since else 0.0
