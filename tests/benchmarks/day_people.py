"""The people of the simulated day: what each asks for, how long they wait, what became of it."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, cast
from uuid import uuid4

PATIENCE_SECONDS = 2.0
"""Whoever waits longer has gone."""


class Asked(NamedTuple):
    """A request and the class that it is counted under."""

    kind: str
    wire: bytes


def request(
    kind: str, method: str, path: str, token: str = "", body: Any = None, *, key: bool = False
) -> Asked:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: x"]
    # A reading says no length: with one, it may have a body, and the gateway waits for that.
    lines += [f"content-length: {len(content)}"] if method != "GET" else []
    lines += [f"authorization: Bearer {token}"] if token else []
    lines += ["content-type: application/json"] if content else []
    lines += [f"idempotency-key: {uuid4().hex}"] if key else []
    return Asked(kind, "\r\n".join(lines).encode() + b"\r\n\r\n" + content)


class Line(asyncio.Protocol):
    """One kept connection; one request at a time, with little work, for it shares the machine."""

    def __init__(self, settle: "Settle") -> None:
        self.is_open, self._settle, self._read = True, settle, b""
        self.asked: Asked | None = None
        self.asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, asked: Asked, now: float) -> None:
        self.asked, self.asked_at, self._read = asked, now, b""
        self._transport.write(asked.wire)

    def give_up(self) -> None:
        """Whoever asked has gone."""
        self._transport.abort()
        self.connection_lost(None)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, ended, body = self._read.partition(b"\r\n\r\n")
        if ended and len(body) >= _number(head, b"content-length: "):
            status, later = int(head[9:12]), _number(head, b"retry-after: ")
            self._end(status, body, later)

    def connection_lost(self, _: Exception | None) -> None:
        self.is_open = False
        self._end(0, b"", 0)

    def _end(self, status: int, body: bytes, later: int) -> None:
        if self.asked is not None:
            asked, self.asked = self.asked, None
            self._settle(self, asked, status, body, later)


Settle = Callable[[Line, Asked, int, bytes, int], None]


def _number(head: bytes, name: bytes) -> int:
    place = head.lower().find(name)
    return int(head[place + len(name) :].split(b"\r", 1)[0]) if place >= 0 else 0


@dataclass
class Tally:
    """What became of each class: done, refused (503, 429), late (504, gone), wrong (the rest)."""

    asked: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    wrong: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds_done: list[float] = field(default_factory=list)
    seconds_refused: list[float] = field(default_factory=list)
    told_to_wait: list[float] = field(default_factory=list)

    def note(self, kind: str, status: int, later: int, seconds: float) -> None:
        if status in (200, 201, 204, 304, 409):  # "taken already" is an answer too
            self.done[kind] += 1
            self.seconds_done.append(seconds)
        elif status in (429, 503):
            self.refused[kind] += 1
            self.seconds_refused.append(seconds)
            self.told_to_wait.append(later)
        elif status in (0, 504):
            self.late[kind] += 1
        else:
            self.wrong[kind, status] += 1

    def show(self) -> None:
        """Prints it by class, with how long answers and refusals took."""
        print(f"  {'class':14}{'asked':>8}{'done':>8}{'of asked':>10}{'refused':>9}{'late':>7}")
        for kind, count in sorted(self.asked.items()):
            done, refused, late = self.done[kind], self.refused[kind], self.late[kind]
            print(f"  {kind:14}{count:>8}{done:>8}{done / count:>10.3f}{refused:>9}{late:>7}")
        for label, seconds in (("done", self.seconds_done), ("refused", self.seconds_refused)):
            if seconds:
                p50, p99 = (sorted(seconds)[int(len(seconds) * part)] for part in (0.5, 0.99))
                print(f"  {label}: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
        if self.told_to_wait:
            waits = self.told_to_wait
            print(f"  Retry-After {min(waits):.0f} to {max(waits):.0f} s")
        if self.wrong:
            print(f"  wrong: {dict(self.wrong)}")


class Crowd:
    """Asks over kept connections, as many as there are askers at a moment."""

    def __init__(self, port: int) -> None:
        self.port, self._free = port, list[Line]()
        self._asking = deque[tuple[float, Line, Asked]]()
        self._answers = dict[Line, asyncio.Future[tuple[int, bytes]]]()
        self._opening = set[asyncio.Task[Any]]()
        self.tally = Tally()

    async def ask(self, asked: Asked) -> tuple[int, bytes]:
        """Status and body; status 0 where the asker gave up or the connection was lost."""
        loop = asyncio.get_running_loop()
        self.tally.asked[asked.kind] += 1
        try:
            line = self._kept() or await self._new()
        except (OSError, TimeoutError):
            self.tally.note(asked.kind, 0, 0, PATIENCE_SECONDS)
            return 0, b""
        answer: asyncio.Future[tuple[int, bytes]] = loop.create_future()
        self._answers[line] = answer
        self._send(line, asked)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await asyncio.shield(answer)
        except TimeoutError:
            line.give_up()
            return await answer

    def poll(self, asked: Asked) -> None:
        """The same for those whose answer leads to nothing: no task, no timer of its own."""
        self.tally.asked[asked.kind] += 1
        line = self._kept()
        if line is not None:
            self._send(line, asked)
            return
        task = asyncio.get_running_loop().create_task(self._poll_anew(asked))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _poll_anew(self, asked: Asked) -> None:
        try:
            self._send(await self._new(), asked)
        except (OSError, TimeoutError):
            self.tally.note(asked.kind, 0, 0, PATIENCE_SECONDS)

    def _send(self, line: Line, asked: Asked) -> None:
        now = asyncio.get_running_loop().time()
        line.ask(asked, now)
        self._asking.append((now, line, asked))

    def _settle(self, line: Line, asked: Asked, status: int, body: bytes, later: int) -> None:
        seconds = asyncio.get_running_loop().time() - line.asked_at
        self.tally.note(asked.kind, status, later, seconds)
        if line.is_open:
            self._free.append(line)
        waiting = self._answers.pop(line, None)
        if waiting is not None and not waiting.done():
            waiting.set_result((status, body))

    def _kept(self) -> Line | None:
        while self._free:
            if (line := self._free.pop()).is_open:
                return line
        return None

    async def _new(self) -> Line:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE_SECONDS):
            make = partial(Line, self._settle)
            _, line = await loop.create_connection(make, "127.0.0.1", self.port)
            return line

    def _leave_those_who_wait_too_long(self, now: float) -> None:
        while self._asking and self._asking[0][0] < now - PATIENCE_SECONDS:
            _, line, asked = self._asking.popleft()
            if line.asked is asked:
                line.give_up()

    async def steadily(self, make: Callable[[], Asked], per_second: float, seconds: float) -> None:
        """Asks at that rate whatever becomes of it, as a crowd of strangers does."""
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        while (passed := loop.time() - began) < seconds + PATIENCE_SECONDS:
            while sent < min(passed, seconds) * per_second:
                self.poll(make())
                sent += 1
            self._leave_those_who_wait_too_long(loop.time())
            if passed > seconds and not any(line.asked is asked for _, line, asked in self._asking):
                break
            await asyncio.sleep(0.01)

    async def repeatedly(self, make: Callable[[], Asked], askers: int, seconds: float) -> None:
        """Each asker asks the next when it has the last: what the service can do of it."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds

        async def asker() -> None:
            while loop.time() < ends:
                await self.ask(make())

        await asyncio.gather(*(asker() for _ in range(askers)))
