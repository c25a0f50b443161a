"""The nineteen halls of the simulated year: what they offer, their windows, and places on sale."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.appointments.slots.models import Pool, SlotState
from services.appointments.slots.rules import NewSlot
from shared.clock import SHANGHAI
from shared.ids import new_id
from tests.appointments import queue_helpers
from tests.benchmarks.hall_simulation_days import MINUTES, SERVES

HALLS = 19
OPENS, QUARTERS = time(9), 34
"""Places every quarter of an hour; the last two are for what began just before closing."""
PLACES = 30
_OFFERED = """
UPDATE item SET standard_minutes = $2, guide_version = 1, valid_from = '2020-01-01' WHERE code = $1
"""


class YearHall(NamedTuple):
    """`items` by what the simulation calls them; window n, from 0, has the number n + 1."""

    code: str
    items: dict[str, str]
    windows: list[UUID]

    def slots(self, day: date) -> Iterator[NewSlot]:
        """What is on sale of the day for a fortnight before it."""
        begins = datetime.combine(day, OPENS, SHANGHAI).astimezone(UTC)
        for quarter in range(QUARTERS):
            starts_at = begins + timedelta(minutes=15 * quarter)
            yield NewSlot(
                id=new_id(),
                hall_code=self.code,
                rule_code="YEAR",
                rule_version=1,
                pool=Pool.ONLINE,
                item_codes=tuple(self.items.values()),
                on_date=day,
                starts_at=starts_at,
                minutes=15,
                capacity=PLACES,
                opens_at=begins - timedelta(days=14),
                closes_at=starts_at,
                ceded=0,
                later=(),
                shared_from=None,
            )


async def build(owner: asyncpg.Connection, halls: int = HALLS) -> list[YearHall]:
    """The halls, as the simulated one: half of the windows serve all, the others one item each."""
    return [await _hall(owner) for _ in range(halls)]


async def put_on_sale(
    owner: asyncpg.Connection, halls: Sequence[YearHall], days: Sequence[date]
) -> None:
    """The places of these days, on sale at once."""
    state = {"state": SlotState.OPEN, "booked": 0, "announced_full": False}
    rows = [slot.columns | state for hall in halls for day in days for slot in hall.slots(day)]
    records = [tuple(row.values()) for row in rows]
    await owner.copy_records_to_table("slot", columns=[*rows[0]], records=records)


async def _hall(owner: asyncpg.Connection) -> YearHall:
    kinds: Sequence[str] = list(MINUTES)
    shape = {"windows": len(SERVES), "items": len(kinds)}
    code, windows, codes = await queue_helpers.build(owner, **shape)
    items = dict(zip(kinds, codes, strict=True))
    for kind, item in items.items():
        await owner.execute(_OFFERED, item, MINUTES[kind])
    for window, served in zip(windows, SERVES, strict=True):
        await queue_helpers.serve_items(owner, code, window, [items[kind] for kind in served])
    return YearHall(code, items, windows)
