"""How a day of the simulated year is written: what was gone through in memory, all at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import asyncpg
from sqlmodel import SQLModel

from services.appointments.booking.models import Appointment
from services.appointments.queueing.models import TicketEvent
from shared.database import rows
from shared.messaging.outbox import OutboxRow
from tests.benchmarks.year_floor import HallDay

_APPOINTMENTS = """
UPDATE appointment a SET state = v.state, version = v.version, expires_at = NULL,
  changed_at = v.changed_at, checked_in_at = v.checked_in_at
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::timestamptz[])
  AS v(id, state, version, changed_at, checked_in_at)
WHERE a.id = v.id
"""
_FLOOR = """
INSERT INTO hall_floor AS f (hall_code, seq, plain_turns) VALUES ($1, $2, '{}')
ON CONFLICT (hall_code) DO UPDATE SET seq = excluded.seq
"""
_SERIES = "INSERT INTO number_series (hall_code, day, letter, last) VALUES ($1, $2, $3, $4)"
_OUTBOX = ("event_id", "subject", "body", "traceparent", "recorded_at", "published_at")


@dataclass
class DayWriter:
    """The connection that writes, and how far the log of each hall is.

    Events of days before `kept_from` are not written: they would have been forgotten.
    """

    owner: asyncpg.Connection
    kept_from: date
    seqs: dict[str, int] = field(default_factory=dict)

    async def write(
        self, day: date, done: Sequence[HallDay], appointments: Sequence[Appointment]
    ) -> None:
        async with self.owner.transaction():
            await self._copy([ticket for one in done for ticket in one.tickets])
            await self._copy([call for one in done for call in one.calls])
            for one in done:
                await self._write_log(day, one)
            values = [
                (a.id, a.state.value, a.version, a.changed_at, a.checked_in_at)
                for a in appointments
            ]
            columns = [list(column) for column in zip(*values, strict=True)] or [[]] * 5
            await self.owner.execute(_APPOINTMENTS, *columns)

    async def _copy(self, made: Sequence[SQLModel]) -> None:
        if not made:
            return
        kind = type(made[0])
        known = rows.fields(kind)
        await self.owner.copy_records_to_table(
            rows.table(kind).strip('"'),
            columns=[one.column.strip('"') for one in known.values()],
            records=[tuple(rows.bound(kind, n, getattr(r, n)) for n in known) for r in made],
        )

    async def _write_log(self, day: date, done: HallDay) -> None:
        code, first = done.hall.code, self.seqs.get(done.hall.code, 0) + 1
        happened = done.kept.in_order()
        entries = (
            {**one.entry, "hall_code": code, "hall_seq": seq}
            for seq, one in enumerate(happened, first)
        )
        names = [*rows.fields(TicketEvent)]
        await self.owner.copy_records_to_table(
            "ticket_event",
            columns=names,
            records=[tuple(entry.get(name) for name in names) for entry in entries],
        )
        self.seqs[code] = first + len(happened) - 1
        await self.owner.execute(_FLOOR, code, self.seqs[code])
        series = [(code, day, letter, last) for letter, last in done.numbers.items()]
        if series:
            await self.owner.executemany(_SERIES, series)
        if day >= self.kept_from:
            numbered = [one.event(seq) for seq, one in enumerate(happened, first)]
            await self._copy_events(day, [*done.kept.events, *numbered])

    async def _copy_events(self, day: date, events: Iterable[OutboxRow]) -> None:
        at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
        records = [(*event, at, at) for event in events]
        await self.owner.copy_records_to_table("outbox", columns=_OUTBOX, records=records)

    async def forget(self, day: date, now: datetime) -> None:
        """What the statements promised is published, and forgotten where it is long ago."""
        if day < self.kept_from:
            await self.owner.execute("DELETE FROM outbox")
        else:
            sql = "UPDATE outbox SET published_at = $1 WHERE published_at IS NULL"
            await self.owner.execute(sql, now)
