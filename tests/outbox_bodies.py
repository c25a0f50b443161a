"""What services promised to the bus during a run of the tests, held against what they publish.

Every database of a run is read before it goes; a body that breaks the published document fails the
run, and the summary lists the types of event that no test and no tour made happen.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

import asyncpg
import jsonschema_rs

from deploy.services import SERVICES
from services.gateway.documents.asyncapi import join
from shared.messaging.asyncapi import document
from shared.web import glossary
from shared.web.room import publishes

REFERENCE = re.compile(r'"#/components/schemas/([^"/]+)"')
MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
ANY_MOMENT = re.compile(rb'"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}[^"]*)"')
ONE_FORM = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$")
OF_THE_TESTS = ["feedback.note.%", "feedback.rebuild.tested.v1.%", "appointments.batch.tested.v1.%"]
"""Subjects that tests of the bus itself write, of events that nobody publishes."""
EACH = 20_000
"""Bodies read of one database: the benchmarks of a run write more of the same."""


@cache
def published() -> dict[str, Any]:
    """The joined document, as `/asyncapi.json` of the gateway has it."""
    rooms = {name: import_module(f"services.{name}.app").ROOMS for name in SERVICES}
    own = {
        name: document(name, "1", publishes=publishes(each), words=glossary.of(name))
        for name, each in rooms.items()
    }
    return join(own, nats_host="127.0.0.1")


@cache
def _validators() -> dict[str, Any]:
    whole = published()
    made = {}
    schemas = whole["components"]["schemas"]
    for message in whole["components"]["messages"].values():
        needed = {name: schemas[name] for name in _named_by(message["payload"], schemas)}
        schema = {**message["payload"], "components": {"schemas": needed}}
        made[message["name"]] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return made


def _named_by(schema: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """The schemas that one leads to: to make a hundred validators that know all takes a second."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        named = set(REFERENCE.findall(json.dumps(waiting.pop()))) - found
        found |= named
        waiting += [schemas[name] for name in named]
    return found


def faults(body: bytes) -> Iterator[str]:
    """What is wrong with one body."""
    return _faults(json.loads(body), body)


def _faults(event: dict[str, Any], body: bytes) -> Iterator[str]:
    kind = event["type"]
    if kind not in _validators():
        yield f"{kind}: not published"
        return
    if _is_faultless(kind, event, body):
        return
    for error in _validators()[kind].iter_errors(event):
        yield f"{kind}: {list(error.instance_path)}: {error.message[:200]}"
    for path, moment in _moments(event):
        if not ONE_FORM.match(moment):
            yield f"{kind}: {path}: {moment} is written otherwise than the other moments"
    for name in ("source", "dataschema"):
        if ":" not in event.get(name, ""):
            yield f"{kind}: {name} is not absolute"


def _is_faultless(kind: str, event: dict[str, Any], body: bytes) -> bool:
    """The same at a glance: a run writes tens of thousands, and hardly ever a wrong one."""
    return (
        _validators()[kind].is_valid(event)
        and all(ONE_FORM.match(moment.decode()) for moment in ANY_MOMENT.findall(body))
        and all(":" in event.get(name, "") for name in ("source", "dataschema"))
    )


def _moments(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _moments(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _moments(inner, path)
    elif isinstance(value, str) and MOMENT.match(value):
        yield path, value


async def read(database: asyncpg.Connection) -> list[bytes]:
    """The bodies in the outbox of a database, none where it has no outbox any more."""
    try:
        rows = await database.fetch(
            "SELECT body FROM outbox WHERE NOT subject LIKE ANY($1) LIMIT $2", OF_THE_TESTS, EACH
        )
    except asyncpg.UndefinedTableError:
        return []
    return [row["body"] for row in rows]


def check(bodies: Iterable[bytes], seen: set[str]) -> list[str]:
    """The faults of the bodies, each once with how often; their types go into `seen`."""
    found: Counter[str] = Counter()
    for body in bodies:
        event = json.loads(body)
        seen.add(event["type"])
        found.update(_faults(event, body))
    return [f"{fault} ({times} times)" for fault, times in found.items()]


def never(seen: set[str]) -> list[str]:
    """The published types that did not happen."""
    return sorted(_validators().keys() - seen)
