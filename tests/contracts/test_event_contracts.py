"""What a service reads of another's event must be there, with the same meaning, for ever.

The schemas of everything published are kept in `schemas/`: a field once published is never removed,
renamed or retyped within a version. `python -m tests.contracts.record` writes that of a new one.
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from deploy.services import SERVICES, all_subscriptions
from shared.messaging.events import Event
from shared.web import refusals
from shared.web.room import publishes

SCHEMAS = Path(__file__).parent / "schemas"
KEYS = {"code", "new_code", "key", "rating_key", "ticket_key", "query_code", "token"}
"""What opens something: whoever reads events must not be able to do what its owner can."""
PERSONAL = {"name", "phone", "id_number", "address", "title", "body", "text", "email", "citizen"}


def published() -> dict[str, type[Event]]:
    """Every event class of every service, by type."""
    apps = (import_module(f"services.{service}.app") for service in SERVICES)
    return {event.type: event for app in apps for event in publishes(app.ROOMS)}


PUBLISHED = published()
READ = list(all_subscriptions())
READ_EVENTS = {**{sub.name: sub.event for sub in READ}, "every-verifier": refusals.SignInEnded}


def schema_of(event: type[Event]) -> dict[str, Any]:
    """The wire form of the event's data, as a JSON schema."""
    return event.model_json_schema(mode="serialization")


def shape(schema: dict[str, Any], field: dict[str, Any]) -> Any:
    """What a field means on the wire, apart from words about it."""
    if "$ref" in field:
        return shape(schema, schema["$defs"][field["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in field:
        return sorted(json.dumps(shape(schema, option)) for option in field["anyOf"])
    kept: dict[str, Any] = {key: field[key] for key in ("type", "format") if key in field}
    if "items" in field:
        kept["items"] = shape(schema, field["items"])
    return kept


@pytest.mark.parametrize("event", READ_EVENTS.values(), ids=READ_EVENTS)
def test_every_field_read_is_published_with_the_same_meaning(event: type[Event]) -> None:
    offered, wanted = schema_of(PUBLISHED[event.type]), schema_of(event)
    required = set(wanted.get("required", ()))
    for name, field in wanted["properties"].items():
        if name not in offered["properties"]:
            assert name not in required, f"{name} is read but not published"
            continue
        assert shape(wanted, field) == shape(offered, offered["properties"][name]), name
        assert name not in required or name in offered["required"], name


@pytest.mark.parametrize("event", PUBLISHED.values(), ids=lambda e: e.type)
def test_no_published_field_was_removed_or_changed(event: type[Event]) -> None:
    recorded = json.loads((SCHEMAS / f"{event.type}.json").read_text())
    present = schema_of(event)
    for name, field in recorded["properties"].items():
        assert name in present["properties"], f"{name} was removed: publish a new version instead"
        assert shape(recorded, field) == shape(present, present["properties"][name]), name
    assert set(recorded.get("required", ())) <= set(present.get("required", ()))


def test_no_published_event_was_forgotten() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == set(PUBLISHED)


@pytest.mark.parametrize("event", PUBLISHED.values(), ids=lambda e: e.type)
def test_an_event_says_what_happened_in_two_languages_and_names_nobody(event: type[Event]) -> None:
    service, thing, happened, version = event.type.split(".")
    assert service in SERVICES
    assert version[0] == "v"
    assert version[1:].isdigit()
    said = event.__doc__ or ""
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said), event
    assert any(letter.isascii() and letter.isalpha() for letter in said), event
    assert not PERSONAL & set(event.model_fields), event
    assert not KEYS & set(event.model_fields), event


def test_a_durable_consumer_has_one_reader() -> None:
    names = [sub.name for sub in READ]
    assert len(names) == len(set(names))
