"""For every operation with a body, a request to try it with; in a local system one that works now.

`examples.json` of a service has them by operation, as `{"path", "query", "header", "body"}`, and
under `*` values for parameters by name. `{today+3}` and `{at+2 12:00}` are a day and a moment from
now. An id that exists only at run time stands there as one that merely fits; a local system puts
those of its own rows in its place (`Live`), so that what the document shows can be sent as it is.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.security.crypto import Keyring

ROOT = Path(__file__).parents[2]
PATH = "/examples.json"
EVERYWHERE = "*"
_LATER = re.compile(r"\{(today|at)(?:([+-]\d+))?(?: (\d\d:\d\d))?\}")
_KEYS = UUID("01993f6a-6c00-7abc-8def-0123456789ab")


@dataclass(frozen=True)
class Example:
    """A request, or of one what has to be put in place of what stands in `examples.json`."""

    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None


Live = Callable[[AsyncSession, Keyring], Awaitable[Mapping[str, Example]]]
"""What a service's rows say now, by operation: `live` of its `examples.py`."""


def read(service: str) -> Mapping[str, Any]:
    """The examples of a service, as they are written; a service may have none."""
    file = ROOT / "services" / service / "examples.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


def of_row(name: str, row: Any, **body: Any) -> Example:
    """The example for a row with a version: its id as the parameter `name`, `If-Match`."""
    return Example({name: str(row.id)}, header={"If-Match": f'"{row.version}"'}, body=body or None)


def as_json(found: Mapping[str, Example]) -> dict[str, Any]:
    """What a local service hands to the gateway."""
    return {operation: asdict(example) for operation, example in found.items()}


_OBJECTS = ("application/json", "application/x-www-form-urlencoded")


def show(paths: Mapping[str, Any], examples: Mapping[str, Any], today: date) -> None:
    """Puts the examples into the operations of a document."""
    usual = _dated(examples.get(EVERYWHERE, {}), today)
    for operations in paths.values():
        for operation in operations.values():
            mine = examples.get(operation.get("operationId"), {})
            _show(operation, _dated(mine, today), usual)


def give_new_keys(paths: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """An `Idempotency-Key` for each operation that takes one: another once a row has changed.

    While none has, the document stays as it is, so that a client need not read it again.
    """
    rows = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
    for operations in paths.values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "Idempotency-Key":
                    parameter["example"] = str(uuid5(_KEYS, f"{operation['operationId']} {rows}"))


def _show(operation: dict[str, Any], mine: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        given = {n.lower(): v for n, v in (mine.get(parameter["in"]) or {}).items()}
        if name.lower() in given:
            parameter["example"] = given[name.lower()]
        elif name in usual and "examples" not in parameter["schema"]:
            parameter.setdefault("example", usual[name])
    body = mine.get("body")
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        if body is not None and _is_of(media, body):
            content["example"] = _merged(content.get("example"), body)


def _is_of(media: str, body: Any) -> bool:
    """Whether an example can be of this type: a file is shown as text, where it is text."""
    return media.startswith("text/") if isinstance(body, str) else media in _OBJECTS


def _merged(before: Any, body: Any) -> Any:
    """What is live goes over what is written, field by field."""
    return {**before, **body} if isinstance(before, dict) and isinstance(body, dict) else body


def _dated(value: Any, today: date) -> Any:
    if isinstance(value, str):
        return _LATER.sub(lambda found: _day(found, today), value)
    if isinstance(value, dict):
        return {key: _dated(inner, today) for key, inner in value.items()}
    return [_dated(inner, today) for inner in value] if isinstance(value, list) else value


def _day(found: re.Match[str], today: date) -> str:
    kind, days, clock = found.groups()
    day = (today + timedelta(days=int(days or 0))).isoformat()
    return day if kind == "today" else f"{day}T{clock}:00+08:00"
