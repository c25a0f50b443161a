"""A hall at work: tickets issued, called, served and finished through the door, without giving up.

Every request that gets no answer, a 5xx or a 429, is sent again with the same Idempotency-Key, as
the apps and kiosks do; what was acknowledged is remembered, to be looked for afterwards.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.system import System

HALL = "H001"
GIVE_UP_SECONDS = 60
PAUSE_SECONDS = 0.25
"""Between two things that one of them does: a hall that works, not one that is stormed. Somebody is
always in the middle of something, and a processor is left for what starts again."""
LETTER = {
    "kind": "suggestion",
    "title": "增设夜间窗口",
    "body": "建议每周二延时服务。",
    "contact": {"name": "王小明", "phone": "13800138000"},
}
"""With a contact, so that the guard against floods of anonymous letters lets all of them in."""


@dataclass
class Acknowledged:
    """What the system said it has done."""

    tickets: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)


class Hall:
    """The load, until `stop` is set."""

    def __init__(self, system: System) -> None:
        self.done = Acknowledged()
        self.stop = asyncio.Event()
        self._client = httpx.AsyncClient(base_url=system.url, timeout=8)
        self._kiosk, self._clerk = system.sign_in("device1"), system.sign_in("clerk1")
        self._items: list[str] = []
        self._windows: list[str] = []

    async def work(self) -> None:
        """Opens every window and keeps them busy until `stop` is set."""
        async with self._client:
            await self._prepare()
            async with asyncio.TaskGroup() as group:
                for _ in range(3):
                    group.create_task(self._issue())
                    group.create_task(self._write())
                for window in self._windows:
                    group.create_task(self._serve(window))

    async def has_done_enough(self) -> bool:
        """More than 20 of each kind, so that what is lost or doubled would show."""
        done = self.done
        return min(len(done.tickets), len(done.finished), len(done.letters)) > 20

    async def _prepare(self) -> None:
        items = await self._send("GET", "/items", {}, params={"hall": HALL})
        found = await self._send("GET", f"/halls/{HALL}/windows", {})
        windows = found["items"]
        served = {code for window in windows for code in window["items"]}
        self._items = [item["code"] for item in items["items"] if item["code"] in served]
        self._windows = [window["id"] for window in windows]

    async def _issue(self) -> None:
        number = 0
        while not self.stop.is_set():
            item = self._items[number % len(self._items)]
            body = {"hall": HALL, "items": [item]}
            ticket = await self._send("POST", "/tickets", self._kiosk, json=body)
            self.done.tickets.add(ticket["id"])
            number += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _write(self) -> None:
        while not self.stop.is_set():
            written = await self._send("POST", "/letters", {}, json=LETTER)
            self.done.letters.add(written["id"])
            await asyncio.sleep(PAUSE_SECONDS)

    async def _serve(self, window: str) -> None:
        await self._send("POST", f"/windows/{window}/open", self._clerk, json={}, conflict=True)
        while not self.stop.is_set():
            called = await self._send(
                "POST", f"/windows/{window}/call-next", self._clerk, conflict=True
            )
            ticket = called.get("id") or await self._at_window(window)
            if ticket is None:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            await asyncio.sleep(PAUSE_SECONDS)
            await self._send("POST", f"/tickets/{ticket}/serve", self._clerk, conflict=True)
            outcome = {"outcome": "done"}
            finished = await self._send(
                "POST", f"/tickets/{ticket}/finish", self._clerk, json=outcome, conflict=True
            )
            if finished.get("state") == "done":
                self.done.finished.add(ticket)

    async def _at_window(self, window: str) -> str | None:
        """The ticket that is at the window, whose call got lost on its way to us."""
        at_work = await self._send("GET", f"/halls/{HALL}/windows-at-work", self._clerk)
        return next((w["ticket_id"] for w in at_work["items"] if w["id"] == window), None)

    async def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        *,
        conflict: bool = False,
        **how: Any,
    ) -> Any:
        """The answer's JSON. With `conflict`, 409 is an answer: a retry may find the work done."""
        signed = {**headers, "Idempotency-Key": uuid4().hex}
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while True:
                answer = await self._try(method, f"/api/v1{path}", signed, how)
                if answer is not None and not _is_to_repeat(answer):
                    break
                await asyncio.sleep(0.1)
        if answer.is_error and not (conflict and answer.status_code == 409):
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else {}

    async def _try(
        self, method: str, path: str, headers: dict[str, str], how: dict[str, Any]
    ) -> httpx.Response | None:
        try:
            return await self._client.request(method, path, headers=headers, **how)
        except httpx.TransportError:
            return None


def _is_to_repeat(answer: httpx.Response) -> bool:
    """Whether the same request has to be sent again, under the same key."""
    if answer.status_code == 409:
        return bool(answer.json()["type"] == "/problems/still-running")
    return answer.status_code >= 500 or answer.status_code == 429
