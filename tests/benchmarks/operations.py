"""`python -m tests.benchmarks.operations [EACH]`: what single operations cost, in CPU time.

A confirmation, a ticket, the actions of a letter on its way to who handles it, and reading one row:
each is asked at the service itself, and the CPU time of service and PostgreSQL is counted, which
other work on the machine hardly moves. Background work is off, so that nothing else is counted.
"""

import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg
import uvloop

from services.feedback.casework import workflow
from services.feedback.letters.models import LetterState
from tests import support
from tests.appointments import queue_helpers
from tests.benchmarks import cpu, goals, load
from tests.benchmarks.booking_rows import SLOTS, Hall, confirm, hold, slot_id, unknown
from tests.benchmarks.day_people import request
from tests.benchmarks.goals import Goal, at_most
from tests.benchmarks.ground import Ground, Spent, ground
from tests.benchmarks.load import Step
from tests.benchmarks.proxies import Server
from tests.feedback.letter_helpers import BODY, FIELDS

MINUTES = 1.5
EACH, ROUNDS, CLIENTS = 320, 3, 16
READS = 4
"""As many readings for one of the rest, which cost more."""
WAY = (("received", "register"), ("registered", "accept"), ("accepted", "dispatch"),
       ("dispatched", "accept"))  # fmt: skip
"""The states of a letter and the action that leads on from each."""


class Cost(NamedTuple):
    """Microseconds of CPU of one of an operation."""

    service: float
    postgres: float

    @property
    def both(self) -> float:
        return self.service + self.postgres


Costs = Mapping[str, Cost]


def cost(spent: Spent) -> Cost:
    spent.loaded.all_good()
    return Cost(spent.micros["service"], spent.micros["PostgreSQL"])


class Appointments:
    """A hall that is booked at and that issues tickets."""

    def __init__(self, ground: Ground, server: Server, hall: Hall, each: int) -> None:
        self.ground, self.server, self.hall = ground, server, hall
        self.people = [ground.token("citizen", sub=f"person-{n}") for n in range(each)]

    def ask(self, steps: Sequence[Step]) -> Cost:
        chains = [[step] for step in steps]
        return cost(self.ground.ask({"service": self.server}, self.server.port, chains, CLIENTS))

    async def round(self) -> Costs:
        await self.hall.prepare()
        item = self.hall.item
        self.ask([unknown(token) for token in self.people])
        held = self.ask(
            [hold(token, slot_id(n * 7 % SLOTS + 1), item) for n, token in enumerate(self.people)]
        )
        appointments = await self._appointments()
        read = [load.get(f"/api/v1/appointments/{each}", token) for token, each in appointments]
        return {
            "hold": held,
            "confirm": self.ask([confirm(token, str(each)) for token, each in appointments]),
            "one appointment": self.ask(read * READS),
            "one item": self.ask([load.get(f"/api/v1/items/{item}")] * READS * len(read)),
            "ticket issue": await self._tickets(len(read)),
        }

    async def _appointments(self) -> list[tuple[str, UUID]]:
        """Each with the token of its owner."""
        rows = await self.hall.owner.fetch(
            "SELECT booked_by, id FROM appointment WHERE booked_by <> 'before'"
        )
        tokens = {f"person-{n}": token for n, token in enumerate(self.people)}
        return [(tokens[sub], each) for sub, each in rows]

    async def _tickets(self, count: int) -> Cost:
        code, _, items = await queue_helpers.build(self.hall.owner, windows=4, items=3)
        kiosk = self.ground.token("device", code)
        body = {"hall_code": code, "items": items[:1]}
        self.ask([unknown(kiosk)])
        asked = [
            request("ticket", "POST", "/api/v1/tickets", kiosk, body, key=True).wire
            for _ in range(count)
        ]
        return self.ask([Step(wire, 201) for wire in asked])


class Letters:
    """Letters and who acts on them."""

    def __init__(
        self, ground: Ground, server: Server, owner: asyncpg.Connection, each: int
    ) -> None:
        self.ground, self.server, self.owner, self.each = ground, server, owner, each
        self.department = f"D{uuid4().hex[:6].upper()}"

    async def round(self) -> Costs:
        """Every letter taken one action further, and then the next; the mean of the actions."""
        self._ask([self._written() for _ in range(self.each)])
        rows = await self.owner.fetch("SELECT id FROM letter WHERE state = 'received'")
        found = []
        for version, (state, action) in enumerate(WAY, 1):
            token = self._token(state, action)
            found.append(self._ask([self._act(row[0], action, token, version) for row in rows]))
        means = zip(*found, strict=True)
        return {"letter action": Cost(*(sum(each) / len(WAY) for each in means))}

    def _ask(self, steps: Sequence[Step]) -> Cost:
        chains = [[step] for step in steps]
        return cost(self.ground.ask({"service": self.server}, self.server.port, chains, CLIENTS))

    def _token(self, state: str, action: str) -> str:
        row = workflow.WORKFLOW.get(LetterState(state), action)
        assert row is not None
        role = next(role for role in workflow.STAFF if role in row.roles)
        return self.ground.token(role, self.department if role == "officer" else "*")

    def _written(self) -> Step:
        letter = {"kind": "suggestion", "title": "路灯不亮", "body": BODY + uuid4().hex}
        wanted = {**letter, "wants_public": True}
        return Step(request("letter", "POST", "/api/v1/letters", "", wanted).wire, 201)

    def _act(self, letter: UUID, action: str, token: str, version: int) -> Step:
        fields = {"department_code": self.department} if action == "dispatch" else {}
        path = f"/api/v1/letters/{letter}/actions/{action}"
        body = {**FIELDS.get(action, {}), **fields}
        wire = request("action", "POST", path, token, body, key=True).wire
        seen = f'\r\nif-match: "{version}"\r\n\r\n'.encode()
        return Step(wire.replace(b"\r\n\r\n", seen, 1), 200)


async def appointments(base: Ground, each: int) -> list[Costs]:
    owner = await support.connect(base.databases.urls("appointments").owner)
    with base.service("appointments", background="false") as server:
        bench = Appointments(base, server, Hall(owner), each)
        found = [await bench.round() for _ in range(ROUNDS + 1)]
    await owner.close()
    return found[1:]


async def letters(base: Ground, each: int) -> list[Costs]:
    owner = await support.connect(base.databases.urls("feedback").owner)
    with base.service("feedback", background="false", **NO_FLOOD) as server:
        bench = Letters(base, server, owner, each)
        await owner.execute(
            "INSERT INTO department (code, name, english_name, is_active)"
            " VALUES ($1, '试验局', 'Bureau', true)",
            bench.department,
        )
        found = [await bench.round() for _ in range(ROUNDS + 1)]
    await owner.close()
    return found[1:]


NO_FLOOD = {name: str(most) for name, most in support.NO_FLOOD.items()}


def shown(rounds: Sequence[Costs]) -> dict[str, Cost]:
    """The medians, printed with their parts."""
    found = {}
    for name in rounds[0]:
        service, postgres = (median(each[name][part] for each in rounds) for part in (0, 1))
        goals.show(f"  {name}: {cpu.words({'service': service, 'PostgreSQL': postgres})}")
        found[name] = Cost(service, postgres)
    return found


async def main(each: int) -> list[Goal]:
    load.keep_a_core_free()
    goals.begin("operations", MINUTES, f"{each} of each, x {ROUNDS} rounds after one to warm up")
    with ground() as base:
        costs = shown(await appointments(base, each)) | shown(await letters(base, each // 4))
    goal = {"confirm": 600, "ticket issue": 2000, "letter action": 1500}
    goal |= {"one item": 700, "one appointment": 700}
    return [at_most(f"{name}: CPU", costs[name].both, most, "us") for name, most in goal.items()]


if __name__ == "__main__":
    goals.finish(uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else EACH)))
