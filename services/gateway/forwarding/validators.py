"""Public reading can be kept and asked for again: a tag of its content, and 304 to who has it.

A service that says itself how its answer is kept is left to it.
"""

import hashlib
from http import HTTPStatus
from typing import NamedTuple

from services.gateway.forwarding.headers import Headers
from services.gateway.upstreams.directory import Operation
from shared.web.conditions import is_known

_DECIDED = {b"etag", b"cache-control"}


class Answered(NamedTuple):
    """Status, further headers and body of the answer that the client gets."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def validated(
    operation: Operation, asked: Headers, status: int, answered: Headers, body: bytes
) -> Answered:
    """The answer with its tag; without its body where the client has it already.

    To be asked for again each time, for what is public changes when a window opens or closes. What
    was asked for with a token is kept by that client alone.
    """
    reading = operation.method == "GET" and operation.is_public and status == HTTPStatus.OK
    if not reading or not _DECIDED.isdisjoint([name for name, _ in answered]):
        return Answered(status, [], body)
    given = dict(asked)
    whose = b"private" if b"authorization" in given else b"public"
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = [
        (b"etag", tag.encode()),
        (b"cache-control", whose + b", no-cache"),
        (b"vary", b"Accept-Language, Authorization"),
    ]
    if is_known(tag, given.get(b"if-none-match", b"").decode("latin-1")):
        return Answered(HTTPStatus.NOT_MODIFIED, headers, b"")
    return Answered(status, headers, body)
