"""The one AsyncAPI document of the house, and what the event page shows of each event."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.gateway.documents import joining, words
from services.gateway.documents.examples import example
from services.gateway.language import paragraphs
from shared.messaging.events import SCHEMAS, source_for
from shared.web.references import renamed

VERSION = "3.1.0"


def join(documents: joining.Documents, *, nats_host: str) -> dict[str, Any]:
    """The services' documents as one: each event as its publisher declares it, and who reads it."""
    names = joining.new_names({s: joining.schemas_of(d) for s, d in documents.items()})
    schemas = joining.joined_schemas(documents, names)
    published = _apart(
        [event for s, d in documents.items() for event in _published(s, d, names[s])]
    )
    messages = {event.name: _with_example(event.message, schemas) for event in published}
    joined: dict[str, Any] = {
        "asyncapi": VERSION,
        "info": words.ASYNCAPI_INFO,
        "defaultContentType": "application/cloudevents+json",
        "servers": {"nats": {"host": nats_host, "protocol": "nats", "description": words.NATS}},
        "channels": {event.name: _channel(event) for event in published},
        "operations": {
            **{f"send{event.name}": _operation("send", event.name) for event in published},
            **dict(_received(documents, {event.address: event.name for event in published})),
        },
        "components": {"messages": messages},
    }
    joined["components"]["schemas"] = _reachable(messages, schemas)
    return joined


@dataclass(frozen=True)
class _Published:
    name: str
    service: str
    address: str
    channel: Mapping[str, Any]
    message: dict[str, Any]


def _published(
    service: str, document: Mapping[str, Any], names: Mapping[str, str]
) -> Iterator[_Published]:
    """The events whose type begins with the service's own name."""
    for name, channel in document.get("channels", {}).items():
        if channel["address"].startswith(f"{service}."):
            message = renamed(document["components"]["messages"][name], names)
            yield _Published(name, service, channel["address"], channel, message)


def _apart(published: Sequence[_Published]) -> list[_Published]:
    """With the service's name in front where two services have an event of one name."""
    often = Counter(event.name for event in published)
    return [
        replace(event, name=f"{event.service.title()}{event.name}")
        if often[event.name] > 1
        else event
        for event in published
    ]


def _channel(event: _Published) -> dict[str, Any]:
    messages = {event.name: {"$ref": f"#/components/messages/{event.name}"}}
    return {**event.channel, "messages": messages}


def _received(
    documents: joining.Documents, by_address: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """One operation for each event that a service reads of another."""
    for service, document in documents.items():
        for channel in document.get("channels", {}).values():
            known = by_address.get(channel["address"])
            if known is not None and not channel["address"].startswith(f"{service}."):
                yield f"{service}Receive{known}", _operation("receive", known)


def _operation(action: str, name: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }


def _with_example(message: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    payload = example(message["payload"], schemas)
    kind = message["name"]
    payload |= {
        "type": kind,
        "source": source_for(kind.partition(".")[0]),
        "dataschema": f"{SCHEMAS}{kind}",
    }
    return {**message, "examples": [{"name": message["title"], "payload": payload}]}


def _reachable(messages: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The schemas that the messages refer to, directly or not."""
    found: dict[str, Any] = {}
    waiting = list(_references(list(messages.values())))
    while waiting:
        name = waiting.pop()
        if name not in found and name in schemas:
            found[name] = schemas[name]
            waiting += _references(schemas[name])
    return dict(sorted(found.items()))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rpartition("/")[2]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


@dataclass(frozen=True)
class Field:
    """One field of an event, as the event page shows it."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True)
class EventEntry:
    """One event, as the event page shows it in one language."""

    title: str
    type: str
    description: str
    publisher: str
    readers: list[str]
    fields: list[Field]
    example: dict[str, Any]


def described(document: Mapping[str, Any], language: str) -> list[EventEntry]:
    """Every event of a joined document, in order of type."""
    schemas = document["components"]["schemas"]
    return sorted(
        (_described(name, document, schemas, language) for name in document["channels"]),
        key=lambda event: event.type,
    )


def _described(
    name: str, document: Mapping[str, Any], schemas: Mapping[str, Any], language: str
) -> EventEntry:
    message = document["components"]["messages"][name]
    data = _data_schema(message["payload"], schemas)
    end = f"Receive{name}"
    return EventEntry(
        title=name,
        type=message["name"],
        description=paragraphs(message["summary"], language),
        publisher=message["name"].partition(".")[0],
        readers=[op.removesuffix(end) for op in document["operations"] if op.endswith(end)],
        fields=[
            _field(f, s, data, schemas, language) for f, s in data.get("properties", {}).items()
        ],
        example=message["examples"][0]["payload"],
    )


def _data_schema(payload: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    envelope = schemas[payload["$ref"].rpartition("/")[2]] if "$ref" in payload else payload
    data = envelope["properties"]["data"]
    found: Mapping[str, Any] = schemas[data["$ref"].rpartition("/")[2]] if "$ref" in data else data
    return found


def _field(
    name: str,
    schema: Mapping[str, Any],
    data: Mapping[str, Any],
    schemas: Mapping[str, Any],
    language: str,
) -> Field:
    return Field(
        name=name,
        kind=_kind(schema, schemas),
        required=name in data.get("required", ()),
        description=paragraphs(schema.get("description", ""), language),
    )


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """A schema's type in a few words: `uuid`, `string | null`, `[date]`, `"done", "rejected"`."""
    if "$ref" in schema:
        return _kind(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "enum" in schema:
        return ", ".join(f'"{value}"' for value in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if "anyOf" in schema:
        return " | ".join(_kind(one, schemas) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}), schemas)}]"
    return str(schema.get("format") or schema.get("type", "any"))
