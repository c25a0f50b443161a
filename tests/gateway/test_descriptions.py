"""What everything in the documents means stands there, in both languages."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from deploy.services import SERVICES
from services.gateway.documents import openapi
from services.gateway.documents.joining import each_operation, schemas_of
from shared.web import glossary
from shared.web.idempotency import UNSAFE

pytestmark = pytest.mark.xdist_group("documents")

CHINESE = re.compile(r"[\u4e00-\u9fff]")
QUOTED = re.compile(r"《[^》]*》|[\u4e00-\u9fff]+(?= art\.)|`[^`]*`")
"""The title of a Chinese law, or a value, stands in the English as it is."""
PLAIN = re.compile(r"[A-Za-z0-9 ]*")


def is_bilingual(text: str | None) -> bool:
    chinese, found, english = (text or "").partition(" | ")
    return bool(
        found
        and (CHINESE.search(chinese) or PLAIN.fullmatch(chinese))
        and english.strip()
        and not CHINESE.search(QUOTED.sub("", english))
    )


def fields(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of every schema, with the name to find it by."""
    for model, schema in schemas_of(document).items():
        for name, field in schema.get("properties", {}).items():
            yield f"{model}.{name}", field


def test_every_field_says_what_it_is(joined: dict[str, Any], joined_events: dict[str, Any]) -> None:
    silent = [
        f"{name}: {field.get('description')}"
        for document in (joined, joined_events)
        for name, field in fields(document)
        if not is_bilingual(field.get("description"))
    ]
    assert silent == [], "say it in Field(description=...), or in the service's words.toml"


def test_every_parameter_says_what_it_is(joined: dict[str, Any]) -> None:
    silent = [
        f"{operation['operationId']}: {parameter['name']}: {parameter.get('description')}"
        for _, _, operation in each_operation(joined["paths"])
        for parameter in operation.get("parameters", ())
        if not is_bilingual(parameter.get("description"))
    ]
    assert silent == []


def test_every_body_says_what_it_is(joined: dict[str, Any]) -> None:
    silent = [
        operation["operationId"]
        for _, _, operation in each_operation(joined["paths"])
        if "requestBody" in operation
        and not is_bilingual(operation["requestBody"].get("description"))
    ]
    assert silent == [], "say it under [bodies] in the service's words.toml"


def test_every_answer_and_its_headers_say_what_they_are(joined: dict[str, Any]) -> None:
    headers = joined["components"]["headers"]
    assert [name for name, one in headers.items() if not is_bilingual(one["description"])] == []
    for _, _, operation in each_operation(joined["paths"]):
        for status, response in operation["responses"].items():
            lines = response["description"].split("\n")
            assert all(" | " in line for line in lines), (operation["operationId"], status)


@pytest.mark.parametrize("service", [None, *SERVICES])
def test_every_entry_of_a_glossary_is_bilingual_and_used(
    service: str | None, documents: Mapping[str, Mapping[str, Any]]
) -> None:
    readers = [service] if service else SERVICES
    used = {
        text
        for kind in documents.values()
        for reader in readers
        for text in _descriptions(kind[reader])
    }
    for entries in glossary.read(service).values():
        assert [name for name, text in entries.items() if not is_bilingual(text)] == []
        assert [name for name, text in entries.items() if text not in used] == []


def _descriptions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("description"), str):
            yield value["description"]
        for inner in value.values():
            yield from _descriptions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _descriptions(inner)


def test_whatever_changes_something_takes_a_key(joined: dict[str, Any]) -> None:
    for path, method, operation in each_operation(joined["paths"]):
        keys = [p for p in operation.get("parameters", ()) if p["name"] == "Idempotency-Key"]
        assert len(keys) == (method.upper() in UNSAFE), (method, path)


def test_every_answer_names_its_headers(joined: dict[str, Any]) -> None:
    for path, method, operation in each_operation(joined["paths"]):
        responses = operation["responses"]
        for status, response in responses.items():
            assert "X-Request-Id" in response["headers"], (method, path, status)
        assert "Retry-After" in responses["429"]["headers"]
        assert "Retry-After" in responses["503"]["headers"]
        assert "WWW-Authenticate" in responses["401"]["headers"]
        assert "RateLimit" in responses["429"]["headers"]
    ticket = joined["paths"]["/api/v1/tickets"]["post"]["responses"]["201"]
    assert {"Location", "Idempotent-Replayed", "RateLimit"} <= ticket["headers"].keys()
    file = joined["paths"]["/api/v1/letters/{letter_id}/file"]["get"]["responses"]["200"]
    assert "ETag" in file["headers"]


def test_a_body_is_told_in_the_language_that_is_asked_for(joined: dict[str, Any]) -> None:
    body = openapi.in_one_language(joined, "en")["paths"]["/api/v1/letters"]["post"]["requestBody"]
    assert body["description"].startswith("A letter: one matter")
    letter = openapi.in_one_language(joined, "zh")["components"]["schemas"]["LetterIn"]
    assert letter["properties"]["anonymity"]["description"].startswith("不写时")
