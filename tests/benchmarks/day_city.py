"""The city of the simulated day: its halls, what their people ask, and its clerks at work."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.benchmarks.day_people import Asked, request
from tests.support import Tokens


@dataclass
class City:
    """The halls, and requests of their people."""

    halls: dict[str, tuple[list[UUID], list[str]]]
    tickets: list[tuple[str, str]]
    slots: list[tuple[UUID, str]]
    tokens: Tokens

    def __post_init__(self) -> None:
        self._clerks = {
            code: self.tokens("clerk", code, sub=f"clerk-{code}") for code in self.halls
        }
        self._kiosks = {
            code: self.tokens("device", code, sub=f"kiosk-{code}") for code in self.halls
        }
        self._people = [self.tokens("citizen", sub=f"person-{n}") for n in range(2000)]
        self._next_person = 0

    def display(self) -> Asked:
        return request("display", "GET", f"/api/v1/halls/{random.choice([*self.halls])}/display")

    def availability(self) -> Asked:
        code = random.choice([*self.halls])
        item = random.choice(self.halls[code][1])
        return request("availability", "GET", f"/api/v1/availability?hall={code}&item={item}")

    def ticket(self) -> Asked:
        ticket, token = random.choice(self.tickets)
        return request("ticket", "GET", f"/api/v1/tickets/{ticket}", token)

    def kiosk(self) -> Asked:
        code = random.choice([*self.halls])
        body = {"hall": code, "items": [random.choice(self.halls[code][1])]}
        return request("queue", "POST", "/api/v1/tickets", self._kiosks[code], body, key=True)

    def hold(self) -> Asked:
        self._next_person = (self._next_person + 1) % len(self._people)
        slot, item = random.choice(self.slots)
        body = {"slot_ids": [str(slot)], "item": item}
        token = self._people[self._next_person]
        return request("booking", "POST", "/api/v1/appointments", token, body, key=True)

    def call_next(self, code: str, window: UUID) -> Asked:
        path = f"/api/v1/windows/{window}/call-next"
        return request("window", "POST", path, self._clerks[code], key=True)

    def move(self, code: str, ticket: str, action: str, body: Any = None) -> Asked:
        path = f"/api/v1/tickets/{ticket}/{action}"
        return request("window", "POST", path, self._clerks[code], body, key=True)

    def open(self, code: str, window: UUID) -> Asked:
        return request("window", "POST", f"/api/v1/windows/{window}/open", self._clerks[code])


Ask = Callable[[Asked], Awaitable[tuple[int, bytes]]]


async def at_window(
    ask: Ask, city: City, code: str, window: UUID, seconds: float, pause: float
) -> None:
    """A clerk: calls, serves, finishes; tries again what was refused, for the person is there."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    step, ticket = "call", ""
    while loop.time() < ends:
        if step == "call":
            status, body = await ask(city.call_next(code, window))
            if status == 409:
                ticket = str(json.loads(body).get("ticket_id", ""))
                step = "serve" if ticket else "call"
            if status == 200:
                ticket, step = json.loads(body)["id"], "serve"
        elif step == "serve":
            status, _ = await ask(city.move(code, ticket, "serve"))
            step = "finish" if status in (200, 409) else step
        else:
            status, _ = await ask(city.move(code, ticket, "finish", {"outcome": "done"}))
            step = "call" if status in (200, 409) else step
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
