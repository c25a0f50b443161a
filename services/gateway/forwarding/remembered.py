"""Answers that are the same for everybody, given again for a moment without asking the service.

Screens and people in a crowd ask one question a thousand times a second. An operation that says
`x-remembered-seconds` is asked once for all of them; while the service is too busy to be asked
again, the last answer goes on for `STALE_SECONDS`. Whoever has just changed something is not
answered from here: they see what they did.

A question is what the service would read of it, however it is spelt: the decoded path, the query
without what is added against caches, and the language of the answer.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

from starlette.types import Message, Scope, Send

from services.gateway.forwarding.forward import Forwarding
from services.gateway.forwarding.headers import Headers
from services.gateway.forwarding.marks import Marks
from services.gateway.language import choose
from services.gateway.upstreams.directory import Operation
from services.gateway.upstreams.registry import Registry
from shared.cache import Cache
from shared.errors import Problem
from shared.ids import new_id
from shared.web.conditions import is_known, not_modified

MOST = 2_000
STALE_SECONDS = 10.0
_UNRESERVED = "/!$&'()*+,;=:@~"


class Answer(NamedTuple):
    """A whole answer of a service."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Question(NamedTuple):
    """What is asked, in one spelling: `target` as it is sent, `language` `zh` or `en`."""

    target: bytes
    language: str


def question(raw_path: bytes, query: bytes, accepted: bytes) -> Question:
    """The question of a request; `accepted` is its Accept-Language."""
    path = quote(unquote_to_bytes(raw_path), safe=_UNRESERVED)
    asked = [
        (name, value)
        for name, value in parse_qsl(query.decode("ascii"), keep_blank_values=True)
        if not name.startswith("_")  # see shared/web/routing.py
    ]
    wanted = urlencode(sorted(asked, key=lambda pair: pair[0]))
    target = f"{path}?{wanted}" if wanted else path
    return Question(target.encode(), choose(None, accepted.decode("latin-1")))


class Remembered:
    """The last answers by question, asked by `forwarding` of the services of `registry`."""

    def __init__(self, registry: Registry, forwarding: Forwarding, marks: Marks) -> None:
        self._registry, self._forwarding = registry, forwarding
        self._fresh: dict[float, Cache[Question, Answer]] = {}
        self._stale = Cache[Question, Answer](most=MOST, seconds=STALE_SECONDS)
        self._marks = marks

    def changed(self, caller: str | None) -> None:
        """The caller has changed something just now."""
        if caller is not None:
            self._marks.set(caller, time.monotonic())

    def serves(self, operation: Operation, caller: str | None) -> bool:
        """Whether the caller may be answered from here.

        What was asked before a change may be answered a deadline later, go on while it is stale,
        be what a busy service's answer is replaced by, and then be fresh once more.
        """
        if not operation.remembered_seconds:
            return False
        at = (self._marks.get(caller) or None) if caller is not None else None
        oldest = STALE_SECONDS + operation.remembered_seconds + 2 * operation.deadline_seconds
        return at is None or time.monotonic() - at > oldest

    async def answer(self, operation: Operation, scope: Scope, send: Send) -> int:
        """Answers as the service did last, or does now; returns the status. Raises a Problem."""
        given = scope["headers"]
        accepted = _header(given, b"accept-language")
        asked = question(scope["raw_path"], scope["query_string"], accepted)
        found = await self._fresh_of(operation).get(
            asked, lambda: self._ask(operation, asked, scope["state"])
        )
        known = _header(given, b"if-none-match").decode("latin-1")
        tag = _header(found.headers, b"etag").decode("latin-1")
        if found.status == 200 and tag and is_known(tag, known):
            found = Answer(304, not_modified(found.headers), b"")
        start = {"type": "http.response.start", "status": found.status, "headers": found.headers}
        await send(start)
        await send({"type": "http.response.body", "body": found.body})
        return found.status

    async def renewed(self, operation: Operation, raw_path: bytes) -> Answer:
        """The service's answer from now on, for who knows that the last one is outdated; those
        who ask later are given it too. Raises a Problem, or CutShort."""
        asked = question(raw_path, b"", b"")
        of_ours = {"request_id": str(new_id()), "network": "gateway"}
        found = await self._whole(operation, asked, of_ours)
        if operation.remembered_seconds and found.status == 200:
            self._fresh_of(operation).put(asked, found)
            self._stale.put(asked, found)
        return found

    def _fresh_of(self, operation: Operation) -> Cache[Question, Answer]:
        seconds = operation.remembered_seconds
        if (found := self._fresh.get(seconds)) is None:
            found = self._fresh[seconds] = Cache(most=MOST, seconds=seconds)
        return found

    async def _ask(
        self, operation: Operation, asked: Question, state: Mapping[str, object]
    ) -> Answer:
        """The service's answer; while it is too busy, the last one.

        What was renewed while it was on its way is newer, and stays.
        """
        before = self._stale.peek(asked)
        try:
            found = await self._whole(operation, asked, state)
        except Problem:
            if (last := self._stale.peek(asked)) is None:
                raise
            return last
        last = self._stale.peek(asked)
        if last is not None and (last is not before or found.status >= 500):
            return last
        if found.status == 200:
            self._stale.put(asked, found)
        return found

    async def _whole(
        self, operation: Operation, asked: Question, state: Mapping[str, object]
    ) -> Answer:
        """Asks for nobody in particular: without a token, and without what the asker knows."""
        status, headers, parts = 0, list[tuple[bytes, bytes]](), list[bytes]()

        async def keep(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers.extend(message["headers"])
            else:
                parts.append(message.get("body", b""))

        language = (b"accept-language", asked.language.encode())
        scope: Scope = {"type": "http", "headers": [language], "state": state}
        upstream = self._registry.upstreams[operation.service]
        await self._forwarding(upstream, operation, asked.target, [], scope, _never, keep)
        return Answer(status, headers, b"".join(parts))


def adding(extra: list[tuple[bytes, bytes]], send: Send) -> Send:
    """`send` with `extra` headers on the answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return sending


async def _never() -> Message:
    """Nobody in particular never leaves."""
    message: Message = await asyncio.get_running_loop().create_future()
    return message


def _header(headers: Headers, name: bytes) -> bytes:
    return next((value for given, value in headers if given == name), b"")
