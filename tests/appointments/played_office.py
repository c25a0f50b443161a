"""A hall whose rules, closures and windows change by steps, in one transaction, and its people."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.postgres import Urls
from services.appointments.booking import cancelling
from services.appointments.booking.schemas import CancelRequest
from services.appointments.directory.schemas import WindowsIn
from services.appointments.proofs import queries as proofs
from services.appointments.schedules import closing, service
from services.appointments.schedules.closing import ClosureExists
from services.appointments.schedules.closure_schemas import (
    ClosureIn,
    ClosureUpdate,
)
from services.appointments.schedules.schemas import (
    RuleIn,
    ScheduleApplication,
    ScheduleChange,
)
from services.appointments.windows import service as windows
from shared.database.engine import RoomSession
from shared.ids import new_id
from shared.security.identity import Caller
from tests.appointments import offices
from tests.appointments.offices import KEYRING, NINE
from tests.appointments.one_transaction import in_transaction
from tests.appointments.queue_helpers import Clock
from tests.replaying import replaying
from tests.support import connect

MANAGER = Caller("test", frozenset({"admin"}))
HALF = timedelta(minutes=30)
WINDOWS = {"window": 1, "narrow": 2}
Steps = Sequence[Sequence[Any]]


class Office:
    """A hall with two rules, from ten to twelve on one day, and people who come and go."""

    def __init__(self, session: RoomSession, code: str, items: list[str]) -> None:
        self.session, self.code, self.items, self.now = session, code, items, NINE
        self.rules: set[str] = set()
        self.windows = {1: items, 2: items[:1]}
        self.closures: list[UUID] = []

    @property
    def served(self) -> set[str]:
        return {item for codes in self.windows.values() for item in codes}

    async def play(self, step: Sequence[Any]) -> None:
        await getattr(self, f"_{step[0]}")(*step[1:])
        self.now += timedelta(seconds=1)

    async def _apply(self, **wanted: Any) -> None:
        change = ScheduleChange(hall=self.code, **wanted)
        seen = await service.propose(self.session, change, MANAGER, self.now)
        again = ScheduleApplication(**change.model_dump(), fingerprint=seen.fingerprint)
        before = await self._count("orphaned")
        await service.apply(self.session, again, MANAGER, self.now)
        lost = sum(one.state == "confirmed" for one in seen.orphaned)
        assert await self._count("orphaned") == before + lost - seen.resupported

    async def _rule(self, code: str, minutes: int, places: int, late: int, which: str) -> None:
        items = {"first": self.items[:1], "second": self.items[1:], "both": self.items}[which]
        if not self.served.issuperset(items):
            return
        rule = RuleIn.model_validate(
            {
                "code": code,
                "item_codes": items,
                "weekdays": [2],
                "starts": f"{10 + late // 2:02}:{late % 2 * 30:02}",
                "ends": "12:00",
                "slot_minutes": minutes,
                "capacity": {"online": places},
                "horizon_workdays": 0,
            }
        )
        await self._apply(rules=[rule])
        self.rules.add(code)

    async def _retire(self, code: str) -> None:
        if code in self.rules:
            self.rules.remove(code)
            await self._apply(retire=[code])

    async def _close(self, place: int, halves: int, part: str) -> None:
        is_shut = part in WINDOWS and WINDOWS[part] not in self.windows
        if is_shut or part == "rule" and not self.rules:
            return
        parts: dict[str, dict[str, Any]] = {
            "item": {"item": self.items[0]},
            "window": {"window": 1},
            "narrow": {"window": 2},  # which may serve the first item only
            "rule": {"rule": min(self.rules, default="")},
        }
        starts_at = NINE + 2 * HALF + place * HALF
        wanted = ClosureIn(
            hall=self.code,
            starts_at=starts_at,
            ends_at=starts_at + halves * HALF,
            reason="停电",
            **parts.get(part, {}),
        )
        try:
            done = await closing.close(self.session, wanted, MANAGER, self.now)
        except ClosureExists:
            return
        assert done.id is not None
        if part in WINDOWS:
            codes = self.windows[WINDOWS[part]]
            assert all(one.item_code in codes for one in done.orphaned)
        self.closures.append(done.id)

    async def _shorten(self, place: int) -> None:
        if self.closures:
            key = self.closures[place % len(self.closures)]
            starts_at = NINE + 2 * HALF + place * HALF
            wanted = ClosureUpdate(starts_at=starts_at, ends_at=starts_at + HALF)
            with suppress(ClosureExists):
                await closing.change(self.session, key, wanted, MANAGER, self.now)

    async def _windows(self, served: str) -> None:
        """How many of the items each of two windows serves; one that is left out is retired."""
        items = {"1": self.items[:1], "2": self.items}
        self.windows = {n: items[s] for n, s in enumerate(served, 1) if s in items}
        shapes = [{"no": n, "items": codes} for n, codes in self.windows.items()]
        version = await self.session.scalar(
            text("SELECT version FROM hall WHERE code = :hall"), {"hall": self.code}
        )
        wanted = WindowsIn.model_validate({"version": version, "zones": [], "windows": shapes})
        await windows.arrange(self.session, self.code, wanted, MANAGER, self.now)

    async def _lift(self, place: int) -> None:
        if self.closures:
            key = self.closures.pop(place % len(self.closures))
            await closing.lift(self.session, key, None, MANAGER, self.now, dry_run=False)

    async def _book(self, place: int, length: int, second: bool) -> None:
        """A stranger's confirmed appointment, if there is room for it."""
        starts_at, item = NINE + 2 * HALF + place * HALF, self.items[second]
        run = await self._free_run(starts_at, item, length)
        if run is None:
            return
        made = new_id()
        minutes = sum(row.minutes for row in run)
        await self.session.execute(
            text(
                "INSERT INTO appointment (id, code, hall_code, item_code, pool, citizen_key,"
                " booked_by, on_date, starts_at, minutes, state, version, guide_version,"
                " policy_version, held_at, changed_at) VALUES (:id, :code, :hall, :item, 'online',"
                " :code, 'test', :day, :starts, :minutes, 'confirmed', 1, 1, 0, :now, :now)"
            ),
            {
                "id": made,
                "code": made.hex[-12:],
                "hall": self.code,
                "item": item,
                "day": starts_at.date(),
                "starts": starts_at,
                "minutes": minutes,
                "now": self.now,
            },
        )
        for one in (
            "INSERT INTO appointment_slot SELECT :id, unnest(CAST(:slots AS uuid[]))",
            "UPDATE slot SET booked = booked + 1 WHERE id = ANY(:slots)",
        ):
            await self.session.execute(text(one), {"id": made, "slots": [r.id for r in run]})

    async def _cancel(self, place: int) -> None:
        confirmed = "hall_code = :hall AND state = 'confirmed' ORDER BY id"
        sql = text(f"SELECT id FROM appointment WHERE {confirmed}")
        rows = await self.session.execute(sql, {"hall": self.code})
        if found := list(rows.scalars()):
            key = str(found[place % len(found)])
            owner = Caller("clerk", frozenset({"clerk"}), places=frozenset({self.code}))
            swap = in_transaction(self.session)
            await cancelling.cancel(swap, KEYRING, key, CancelRequest(), owner, self.now)
            await swap.write_in(self.session)

    async def _slots(self) -> Sequence[Any]:
        found = await self.session.execute(
            text(
                "SELECT id, rule_code, item_codes, starts_at, minutes, capacity - booked AS free"
                " FROM slot WHERE hall_code = :hall AND state <> 'withdrawn' ORDER BY rule_code"
            ),
            {"hall": self.code},
        )
        return found.all()

    async def _free_run(self, starts_at: datetime, item: str, length: int) -> list[Any] | None:
        slots = [row for row in await self._slots() if row.free > 0 and item in row.item_codes]
        for first in (row for row in slots if row.starts_at == starts_at):
            run = [first]
            while len(run) < length:
                ends_at = run[-1].starts_at + timedelta(minutes=run[-1].minutes)
                more = [
                    row
                    for row in slots
                    if row.starts_at == ends_at and row.rule_code == first.rule_code
                ]
                if not more:
                    break
                run += more
            if len(run) == length:
                return run
        return None

    async def _count(self, state: str) -> int:
        return int(
            await self.session.scalar(
                text("SELECT count(*) FROM appointment WHERE hall_code = :hall AND state = :state"),
                {"hall": self.code, "state": state},
            )
            or 0
        )

    async def ensure_sound(self) -> None:
        """Nobody lacks a time that exists and is free."""
        wrong = [row async for row in proofs.drift(self.session, NINE - timedelta(days=1))]
        assert not [one for one in wrong if one.hall_code == self.code]
        rows = await self._slots()
        assert all(self.served.issuperset(row.item_codes) for row in rows)
        expected = await self.session.execute(
            text(
                "SELECT item_code FROM appointment WHERE hall_code = :hall AND state = 'confirmed'"
            ),
            {"hall": self.code},
        )
        assert self.served.issuperset(expected.scalars())
        free = [row for row in rows if row.free > 0]
        orphans = await self.session.execute(
            text(
                "SELECT starts_at, minutes, item_code FROM appointment"
                " WHERE hall_code = :hall AND state = 'orphaned'"
            ),
            {"hall": self.code},
        )
        for starts_at, minutes, item in orphans.all():
            fits = [row for row in free if item in row.item_codes]
            assert not _covers(fits, starts_at, starts_at + timedelta(minutes=minutes))


def _covers(slots: Sequence[Any], at: datetime, ends_at: datetime) -> bool:
    """Whether slots that follow one another take up exactly this time, or one slot holds it."""
    for row in slots:
        until = row.starts_at + timedelta(minutes=row.minutes)
        if row.starts_at == at and (
            until >= ends_at or (until < ends_at and _exactly(slots, until, ends_at))
        ):
            return True
    return False


def _exactly(slots: Sequence[Any], at: datetime, ends_at: datetime) -> bool:
    return at == ends_at or any(
        row.starts_at == at and _exactly(slots, at + timedelta(minutes=row.minutes), ends_at)
        for row in slots
        if row.starts_at + timedelta(minutes=row.minutes) <= ends_at
    )


@contextmanager
def playing(urls: Urls, office: type[Office] = Office) -> Iterator[Callable[[Steps], None]]:
    """Plays steps, and looks after each of them whether all is sound, in a hall with two items and
    two windows that is made once: in a transaction that is never committed, so that each sequence
    starts with nothing."""
    code, items = asyncio.run(_hall(urls))
    with replaying(urls.service) as run:

        def play(steps: Steps) -> None:
            async def played(engine: AsyncEngine) -> None:
                async with RoomSession(engine, info={"memory": {}}) as session:
                    there = office(session, code, items)
                    for step in steps:
                        await there.play(step)
                        await there.ensure_sound()
                    await session.rollback()

            run(played)

        yield play


async def _hall(urls: Urls) -> tuple[str, list[str]]:
    owner, clock = await connect(urls.owner), Clock()
    clock.at = NINE
    made = await offices.build(None, None, owner, clock)  # type: ignore[arg-type]
    await owner.close()
    return made.code, made.items
