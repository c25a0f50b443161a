"""`python -m tests.benchmarks.contention [ATTEMPTS]`: a crowd at a few places, and dying processes.

Ten people want each place of a few hot slots at once. Two processes of the service book for them,
and either is killed at random times and started anew; whoever gets no answer asks again, under the
same key, wherever they get through, as apps and kiosks do. Every other hold is cancelled, so that
places come back into the crowd. Round for round afterwards nothing may be overbooked, every count
is that of the live rows, and what was acknowledged is there, and nothing else.
"""

import asyncio
import os
import signal
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvloop

from services.appointments.booking.workflow import HOLDING
from shared.database.transitions import listed
from tests import support
from tests.appointments import offices
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import Clock
from tests.benchmarks import goals
from tests.benchmarks.day_people import Asked, Crowd, request
from tests.benchmarks.goals import Goal, at_least, at_most
from tests.benchmarks.ground import Ground, ground

ATTEMPTS, A_ROUND, ATTEMPTS_A_MINUTE = 20_000, 10_000, 45_000
STARTS_MINUTES = 3
"""Of the processes that follow those that were killed."""
SLOTS, WANT_EACH = 4, 10
"""Hot slots of a round, and how many want each of their places."""
ASKERS = 48
SHORTEST_LIFE = 300
"""Answers after which a process is killed, about."""
LIVES = 40
"""About so many of very many attempts: starting costs seconds of processor each time."""
SEED = 20261130
AGAIN = (0, 429, 500, 502, 503, 504)
STILL_RUNNING = "/problems/still-running"
_CHECK = f"""
SELECT coalesce(sum(greatest(s.booked + s.kept_back - s.capacity, 0)), 0) AS over,
  count(*) FILTER (WHERE s.booked <> coalesce(there.live, 0)) AS wrong,
  coalesce(sum(there.live - there.people), 0) AS doubled
FROM slot s LEFT JOIN (
  SELECT x.slot_id, count(*) AS live, count(DISTINCT a.citizen_key) AS people
  FROM appointment_slot x JOIN appointment a ON a.id = x.appointment_id
  WHERE a.state IN ({listed(HOLDING)}) GROUP BY 1
) there ON there.slot_id = s.id WHERE s.id = ANY($1::uuid[])
"""
_LIVE = f"""
SELECT a.id FROM appointment a JOIN appointment_slot x ON x.appointment_id = a.id
WHERE x.slot_id = ANY($1::uuid[]) AND a.state IN ({listed(HOLDING)})
"""


@dataclass
class Mortal:
    """A process of the service that is killed again and again; `crowd` while it lives.

    Its life is counted in answers, about so many, that it is as long on a slow machine.
    """

    base: Ground
    rng: Random
    stop: threading.Event
    life: int
    crowd: Crowd | None = None
    answers: int = 0
    kills: int = 0

    def live(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of its own, until told to stop."""
        while not self.stop.is_set():
            with suppress(RuntimeError), self.base.service("appointments") as server:
                crowd = Crowd(server.port)
                loop.call_soon_threadsafe(setattr, self, "crowd", crowd)
                ends = self.answers + self.rng.randint(self.life // 4, self.life * 2)
                while self.answers < ends and not self.stop.wait(0.02):
                    pass
                if not self.stop.is_set():
                    os.kill(server.pid, signal.SIGKILL)
                    self.kills += 1
                    loop.call_soon_threadsafe(setattr, self, "crowd", None)


@dataclass
class Round:
    """A day's hot slots, and what the crowd was told about them."""

    office: Office
    mortals: list[Mortal]
    tokens: list[str]
    slots: list[UUID]
    rng: Random
    answers: Counter[int] = field(default_factory=Counter)
    kept: set[UUID] = field(default_factory=set)
    given_up: int = 0
    repeated: int = 0

    async def play(self) -> None:
        people = iter(enumerate(self.tokens))

        async def asker() -> None:
            for number, token in people:
                await self._attempt(number, token)

        await asyncio.gather(*(asker() for _ in range(ASKERS)))

    async def _attempt(self, number: int, token: str) -> None:
        slot, item = self.slots[number % len(self.slots)], self.office.items[0]
        body = {"slot_ids": [str(slot)], "item_code": item}
        status, answer = await self._settled("/appointments", token, body)
        self.answers[status] += 1
        if status != 201:
            return
        held = UUID(answer["id"])
        # While places are asked for by others still: the last ones keep what they get.
        gives_up = number < len(self.tokens) * 0.9 and self.rng.random() < 0.5
        action = "cancel" if gives_up else "confirm"
        status, _ = await self._settled(f"/appointments/{held}/{action}", token, {})
        assert status == 200, (action, status)
        self.given_up += gives_up
        if not gives_up:
            self.kept.add(held)

    async def _settled(self, path: str, token: str, body: Any) -> tuple[int, Any]:
        """The answer; the same request again until there is one."""
        asked: Asked = request("ask", "POST", f"/api/v1{path}", token, body, key=True)
        while True:
            alive = [(one, one.crowd) for one in self.mortals if one.crowd is not None]
            if alive:
                mortal, crowd = self.rng.choice(alive)
                status, text = await crowd.ask(asked)
                answer = orjson.loads(text) if text else {}
                if status not in AGAIN and answer.get("type") != STILL_RUNNING:
                    mortal.answers += 1
                    return status, answer
                self.repeated += 1
            await asyncio.sleep(0.05)


async def check(owner: asyncpg.Connection, one: Round) -> Counter[str]:
    """What is wrong, and how often, in what the round has left."""
    row = await owner.fetchrow(_CHECK, one.slots)
    live = {row["id"] for row in await owner.fetch(_LIVE, one.slots)}
    assert row is not None
    found = Counter({name: int(row[name]) for name in ("over", "wrong", "doubled")})
    found["lost"] = len(one.kept - live)
    found["unasked"] = len(live - one.kept)
    return found


async def hot_slots(office: Office, day: date, places: int) -> list[UUID]:
    begins = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    return [
        await office.slot(begins + timedelta(hours=hour), places, rule_code=f"R{hour}")
        for hour in range(SLOTS)
    ]


async def rounds(base: Ground, owner: asyncpg.Connection, attempts: int) -> list[Goal]:
    sign = dict[str, str]
    office = await offices.build(None, lambda *_, **__: sign(), owner, Clock(), items=1)  # type: ignore[arg-type]
    tokens = [base.token("citizen", sub=f"person-{n}") for n in range(min(A_ROUND, attempts))]
    places = max(len(tokens) // (SLOTS * WANT_EACH), 1)
    stop, wrong, answers, repeated = threading.Event(), Counter[str](), Counter[int](), 0
    life = max(SHORTEST_LIFE, attempts // LIVES)
    mortals = [Mortal(base, Random(SEED + n), stop, life) for n in range(2)]
    loop = asyncio.get_running_loop()
    lives = [asyncio.create_task(asyncio.to_thread(one.live, loop)) for one in mortals]
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011
    try:
        for number in range(-(-attempts // len(tokens))):
            slots = await hot_slots(office, tomorrow + timedelta(days=number), places)
            one = Round(office, mortals, tokens, slots, Random(SEED + number))
            await one.play()
            wrong += await check(owner, one)
            answers, repeated = answers + one.answers, repeated + one.repeated
            kept, kills = len(one.kept), sum(each.kills for each in mortals)
            told = f"answered {dict(one.answers)}, {kept} kept, {one.given_up} given up"
            goals.show(f"  round {number + 1}: {told}; {kills} kills, {repeated:,} asked again")
    finally:
        stop.set()
        await asyncio.gather(*lives)
    return verdict(answers, wrong, sum(one.kills for one in mortals))


def verdict(answers: Counter[int], wrong: Counter[str], kills: int) -> list[Goal]:
    of = f"of {answers.total():,} contended attempts"
    others = answers.total() - answers[201] - answers[409]
    return [
        at_most(f"places given over capacity, {of}", wrong["over"], 0),
        at_most("  slots whose count is not that of the live rows", wrong["wrong"], 0),
        at_most("  acknowledged bookings that are lost", wrong["lost"], 0),
        at_most("  places of whom nobody was told", wrong["unasked"], 0),
        at_most("  people with two places", wrong["doubled"], 0),
        at_most("  attempts answered neither by a place nor by a refusal", others, 0),
        at_least("  processes killed meanwhile", kills, 1),
    ]


async def main(attempts: int) -> list[Goal]:
    what = f"{attempts:,} attempts, {WANT_EACH} for each place, two dying processes"
    minutes = round(STARTS_MINUTES + attempts / ATTEMPTS_A_MINUTE, 1)
    goals.begin("contention", minutes, what)
    with ground() as base:
        owner = await support.connect(base.databases.urls("appointments").owner)
        found = await rounds(base, owner, attempts)
        await owner.close()
    return found


if __name__ == "__main__":
    goals.finish(uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ATTEMPTS)))
