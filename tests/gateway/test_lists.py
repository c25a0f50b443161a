"""Lists have one shape: `{"items": [...], "next_cursor": ...}`."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from services.gateway.documents.joining import each_operation, schemas_of

pytestmark = pytest.mark.xdist_group("documents")

SHORT = {
    "list_devices",
    "list_machines",
    "list_packs",
    "list_rating_tags",
    "list_windows",
    "list_windows_at_work",
}
"""Whole in one answer: a hall has at most 300 windows and 500 devices, the tags are forty, and the
packs of disclosure are a few."""


def answers(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each operation with the schema of each thing that it may answer when it succeeds."""
    schemas = schemas_of(document)

    def followed(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if "$ref" in schema:
            yield from followed(schemas[schema["$ref"].rpartition("/")[2]])
        elif choices := schema.get("anyOf", schema.get("oneOf")):
            for choice in choices:
                yield from followed(choice)
        else:
            yield schema

    for _, _, operation in each_operation(document["paths"]):
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values() if status.startswith("2") else ():
                for schema in followed(media.get("schema", {})):
                    yield operation, schema


def test_no_operation_answers_a_bare_array(joined: dict[str, Any]) -> None:
    found = {one["operationId"] for one, schema in answers(joined) if schema.get("type") == "array"}
    assert found == set(), "answer Page[...]: a list that has to go on one day can"


def test_every_list_goes_on_by_a_cursor_or_is_short_by_nature(joined: dict[str, Any]) -> None:
    whole = {
        operation["operationId"]
        for operation, schema in answers(joined)
        if {"items", "next_cursor"} <= schema.get("properties", {}).keys()
        and not any(one["name"] == "cursor" for one in operation.get("parameters", ()))
    }
    assert whole - {"put_devices", "put_windows"} == SHORT


def test_lists_are_called_items_and_rows_is_their_old_name(joined: dict[str, Any]) -> None:
    found = {
        operation["operationId"]: schema["properties"]
        for operation, schema in answers(joined)
        if schema.get("properties", {}).get("rows", {}).get("type") == "array"
    }
    assert found.keys() == {"get_letter_statistics", "get_rating_statistics"}
    for fields in found.values():
        assert fields["rows"]["deprecated"] is True
        assert fields["rows"]["items"] == fields["items"]["items"]
