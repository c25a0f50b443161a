"""The AsyncAPI 3 document of what a service publishes and reads, from its event classes."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any, Protocol

from pydantic.json_schema import models_json_schema

from shared.messaging.bus import Subscription
from shared.messaging.events import CONTENT_TYPE, Event, envelope_of, stream_of

_REF = "#/components/schemas/{model}"


class Wording(Protocol):
    """What gives the fields of schemas their words, in both languages."""

    def describe(self, schemas: Mapping[str, Any]) -> None: ...


def document(
    title: str,
    version: str,
    *,
    publishes: Iterable[type[Event]],
    subscribes: Iterable[Subscription[Any]] = (),
    words: Wording,
) -> dict[str, Any]:
    """Valid in the official parser; what is read is shown with the fields that are used."""
    sent = {event.type: event for event in publishes}
    received = {s.event.type: s.event for s in subscribes if s.event.type not in sent}
    events = [*sent.values(), *received.values()]
    envelopes = {event: envelope_of(event) for event in events}
    refs, schemas = models_json_schema(
        [(envelope, "serialization") for envelope in envelopes.values()], ref_template=_REF
    )
    words.describe(schemas.get("$defs", {}))
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version},
        "defaultContentType": CONTENT_TYPE,
        "channels": {event.__name__: _channel(event) for event in events},
        "operations": {
            **{f"send{event.__name__}": _operation("send", event) for event in sent.values()},
            **{f"receive{e.__name__}": _operation("receive", e) for e in received.values()},
        },
        "components": {
            "messages": {
                e.__name__: _message(e, refs[envelopes[e], "serialization"]) for e in events
            },
            "schemas": schemas.get("$defs", {}),
        },
    }


def _message(event: type[Event], payload: Any) -> dict[str, Any]:
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": cleandoc(event.__doc__ or ""),
        "contentType": CONTENT_TYPE,
        "payload": payload,
    }


def _channel(event: type[Event]) -> dict[str, Any]:
    name = event.__name__
    return {
        "address": f"{event.type}.{{scope}}",
        "description": f"JetStream stream {stream_of(event)}",
        "parameters": {
            "scope": {"description": "大厅或部门代码，无则为 _ | Hall or department code, else _"}
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(action: str, event: type[Event]) -> dict[str, Any]:
    name = event.__name__
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }
