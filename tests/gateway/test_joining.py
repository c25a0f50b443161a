"""Documents of several services become one that means the same."""

from typing import Any

import pytest

from services.gateway.documents import asyncapi, joining, openapi
from services.gateway.documents.examples import example
from services.gateway.language import choose, in_language, paragraphs, say


def document(path: str, schemas: dict[str, Any], operation_id: str = "show") -> dict[str, Any]:
    name = next(iter(schemas))
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    operation = {
        "operationId": operation_id,
        "summary": "看 | Show",
        "tags": ["citizen"],
        "responses": {"200": {"description": "好 | Fine", "content": content}},
    }
    return {"paths": {path: {"get": operation}}, "components": {"schemas": schemas}}


THING = {"type": "object", "properties": {"a": {"type": "string"}}}
OTHER = {"type": "object", "properties": {"a": {"type": "integer"}}}
HOLDER = {"type": "object", "properties": {"x": {"$ref": "#/components/schemas/Thing"}}}


def test_one_schema_that_all_share_stays_one() -> None:
    joined = openapi.join(
        {
            "one": document("/api/v1/one", {"Thing": THING}),
            "two": document("/api/v1/two", {"Thing": THING}),
        }
    )
    assert list(joined["components"]["schemas"]) == ["Thing"]
    assert set(joined["paths"]) == {"/api/v1/one", "/api/v1/two"}


def test_two_meanings_of_one_name_get_two_names() -> None:
    joined = openapi.join(
        {
            "one": document("/api/v1/one", {"Thing": THING}),
            "two": document("/api/v1/two", {"Thing": OTHER}),
        }
    )
    assert joined["components"]["schemas"] == {"OneThing": THING, "TwoThing": OTHER}
    described = joined["paths"]["/api/v1/two"]["get"]["responses"]["200"]["content"]
    assert described["application/json"]["schema"] == {"$ref": "#/components/schemas/TwoThing"}


def test_a_schema_that_refers_to_another_meaning_is_another() -> None:
    names = joining.new_names(
        {"one": {"Holder": HOLDER, "Thing": THING}, "two": {"Holder": HOLDER, "Thing": OTHER}}
    )
    assert names["one"] == {"Holder": "OneHolder", "Thing": "OneThing"}


def test_schemas_that_refer_to_themselves_end() -> None:
    tree = {"properties": {"inner": {"$ref": "#/components/schemas/Tree"}}}
    names = joining.new_names({"one": {"Tree": tree}, "two": {"Tree": tree}})
    assert names["two"] == {"Tree": "Tree"}


def test_operation_ids_stay_unique() -> None:
    joined = openapi.join(
        {
            "one": document("/api/v1/one", {"Thing": THING}),
            "two": document("/api/v1/two/{id}", {"Thing": THING}),
        }
    )
    ids = [operation["operationId"] for _, _, operation in joining.each_operation(joined["paths"])]
    assert sorted(ids) == ["get_two_id", "show"]


def test_inner_paths_are_not_shown() -> None:
    joined = openapi.join({"one": document("/internal", {"Thing": THING})})
    assert joined["paths"] == {}


@pytest.mark.parametrize(
    ("text", "chinese", "english"),
    [
        ("预约 | Book", "预约", "Book"),
        ("one language", "one language", "one language"),
        ("第一行，\n第二行\n---\nFirst line,\nsecond", "第一行，第二行", "First line,\nsecond"),
        ("满 | Full\n过 | Past", "满\n过", "Full\nPast"),
    ],
)
def test_a_text_is_said_in_one_language(text: str, chinese: str, english: str) -> None:
    assert (say(text, "zh"), say(text, "en")) == (chinese, english)


def test_fields_called_title_are_left_alone() -> None:
    schema = {"properties": {"title": {"type": "string", "description": "题 | Title"}}}
    described = in_language(schema, "zh")
    assert described == {"properties": {"title": {"type": "string", "description": "题"}}}


def test_events_say_a_paragraph_in_each_language() -> None:
    text = "叫号：请到\n窗口。\n\nA ticket\nis called."
    assert paragraphs(text, "en") == "A ticket is called."
    assert paragraphs("只有中文", "en") == "只有中文"


@pytest.mark.parametrize(
    ("wanted", "spoken"), [(None, "zh"), ("zh", "zh"), ("en", "en"), ("fr", "zh"), ("", "zh")]
)
def test_chinese_unless_english_is_asked_for(wanted: str | None, spoken: str) -> None:
    assert choose(wanted) == spoken


def test_examples_fit_their_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "kind": {"const": "x"},
            "state": {"enum": ["a", "b"]},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]},
            "many": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
        },
    }
    made = example(schema, {"Thing": THING})
    assert made["state"] == "a"
    assert made["maybe"] == 3
    assert made["many"] == [{"a": "text"}]


def events_of(service: str, own: str, read: str | None = None) -> dict[str, Any]:
    """The AsyncAPI document of a service that publishes one event and may read another."""
    types = {"Own": own, **({"Read": read} if read else {})}
    envelope = {
        "type": "object",
        "properties": {"data": {"$ref": "#/components/schemas/Thing"}, "type": {"type": "string"}},
    }
    return {
        "channels": {
            name: {"address": f"{kind}.{{scope}}", "messages": {name: {}}}
            for name, kind in types.items()
        },
        "components": {
            "messages": {
                name: {
                    "name": kind,
                    "title": name,
                    "summary": "事\n\nA thing",
                    "payload": {"$ref": "#/components/schemas/Envelope"},
                }
                for name, kind in types.items()
            },
            "schemas": {"Envelope": envelope, "Thing": THING},
        },
    }


def test_events_are_shown_as_their_publisher_declares_them() -> None:
    joined = asyncapi.join(
        {
            "halls": events_of("halls", "halls.thing.done.v1"),
            "ratings": events_of("ratings", "ratings.thing.made.v1", "halls.thing.done.v1"),
        },
        nats_host="nats.example:4222",
    )
    addresses = [channel["address"] for channel in joined["channels"].values()]
    assert sorted(addresses) == ["halls.thing.done.v1.{scope}", "ratings.thing.made.v1.{scope}"]
    described = {event.type: event for event in asyncapi.described(joined, "en")}
    assert described["halls.thing.done.v1"].readers == ["ratings"]
    assert described["halls.thing.done.v1"].description == "A thing"
    assert described["ratings.thing.made.v1"].readers == []
