"""The documents of the real services, joined: whole, in both languages, valid for their readers."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from deploy.services import SERVICES
from services.gateway.documents import asyncapi, examples, openapi, sharing
from services.gateway.documents.joining import each_operation, new_names, schemas_of
from shared.errors import MEDIA_TYPE, all_problems
from tests import node_tools

pytestmark = pytest.mark.xdist_group("documents")

PARSER = "@asyncapi/parser@3.6.3"
PLAIN = re.compile(r"[A-Z][A-Za-z0-9]*")
PARSE = """\
import { Parser } from "@asyncapi/parser";
import { readFileSync } from "node:fs";
const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const errors = diagnostics.filter((d) => d.severity === 0);
console.log(JSON.stringify({ parsed: Boolean(document), errors }));
"""


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_somewhere(
    joined: dict[str, Any], joined_events: dict[str, Any]
) -> None:
    for document in (joined, joined_events, sharing.with_shared_problems(joined)):
        for reference in set(references(document)):
            found: Any = document
            for part in reference.removeprefix("#/").split("/"):
                found = found[part]


def test_no_operation_is_lost(documents: Mapping[str, Any], joined: dict[str, Any]) -> None:
    declared = {
        (path, method)
        for document in documents["openapi"].values()
        for path, method, _ in each_operation(document["paths"])
    }
    assert declared == {(path, method) for path, method, _ in each_operation(joined["paths"])}


def test_operation_ids_are_unique_and_kept(
    documents: Mapping[str, Any], joined: dict[str, Any]
) -> None:
    ids = [operation["operationId"] for _, _, operation in each_operation(joined["paths"])]
    assert len(ids) == len(set(ids))
    for service, document in documents["openapi"].items():
        own = [operation["operationId"] for _, _, operation in each_operation(document["paths"])]
        assert set(own) <= set(ids), service


def test_every_operation_is_told_in_both_languages(joined: dict[str, Any]) -> None:
    chinese = openapi.in_one_language(joined, "zh")
    english = openapi.in_one_language(joined, "en")
    for path, method, operation in each_operation(chinese["paths"]):
        other = english["paths"][path][method]
        assert operation["summary"] != other["summary"], (method, path)
        assert other["summary"].isascii(), (method, path)
        assert "---" not in operation.get("description", ""), (method, path)


def test_what_is_served_shares_the_refusals_and_says_the_same(joined: dict[str, Any]) -> None:
    served = sharing.with_shared_problems(joined)
    for path, method, operation in each_operation(joined["paths"]):
        shown = sharing.responses_of(served, served["paths"][path][method])
        assert shown == operation["responses"], (method, path)
        assert {**served["paths"][path][method], "responses": shown} == operation
    written_out = [
        json.dumps(response, sort_keys=True)
        for _, _, operation in each_operation(served["paths"])
        for response in operation["responses"].values()
        if MEDIA_TYPE in response.get("content", {})
    ]
    shared = [json.dumps(one, sort_keys=True) for one in served["components"]["responses"].values()]
    assert len({*written_out, *shared}) == len(written_out) + len(shared), "each stands once"
    assert set(references(served["paths"])) >= {
        sharing.PREFIX + name for name in served["components"]["responses"]
    }
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]{1,99}", n) for n in served["components"]["responses"])


def test_tags_are_told(joined: dict[str, Any]) -> None:
    assert all("description" in tag for tag in joined["tags"])


def test_a_component_name_means_one_thing_in_all_services(documents: Mapping[str, Any]) -> None:
    schemas = {s: schemas_of(document) for s, document in documents["openapi"].items()}
    prefixed = {
        new for names in new_names(schemas).values() for n, new in names.items() if n != new
    }
    assert not prefixed, "two services have different classes of one name: rename one"


def test_a_component_has_a_plain_name_which_is_its_title(
    documents: Mapping[str, Any], joined: dict[str, Any]
) -> None:
    for document in (joined, *documents["openapi"].values()):
        schemas = document["components"]["schemas"]
        odd = [name for name, schema in schemas.items() if schema.get("title", name) != name]
        assert not odd, "two classes of one service have one name, or a type has no plain one"
        assert not [name for name in schemas if not PLAIN.fullmatch(name)]


def test_only_what_two_services_name_alike_carries_the_name_of_its_service(
    documents: Mapping[str, Any], joined: dict[str, Any]
) -> None:
    owners: dict[str, set[str]] = {}
    for service, document in documents["openapi"].items():
        for name in document["components"]["schemas"]:
            owners.setdefault(name, set()).add(service)
    for name in joined["components"]["schemas"].keys() - owners.keys():
        service = next(s for s in SERVICES if name.startswith(s.title()))
        assert len(owners[name.removeprefix(service.title())]) > 1, name


def test_problem_types_are_listed(joined: dict[str, Any]) -> None:
    known = joined["x-problem-types"]
    assert known["/problems/invalid-grant"]["status"] == "400"
    assert known["/problems/not-found"]["status"] == "404"


def test_every_problem_of_the_house_stands_on_the_page(documents: Mapping[str, Any]) -> None:
    house = {
        kind.type: kind
        for kind in all_problems()
        if kind.__module__.startswith(("services.", "shared."))
    }
    listed = openapi.all_problems(documents["openapi"])
    assert listed.keys() == house.keys()
    for name, kind in house.items():
        assert listed[name]["status"] == str(int(kind.status))
        assert kind.title.zh in listed[name]["description"]


def test_events_have_fitting_examples(joined_events: dict[str, Any]) -> None:
    assert joined_events["channels"]
    for event in asyncapi.described(joined_events, "zh"):
        assert event.description
        assert {field.name for field in event.fields} == set(event.example["data"])


def test_a_sample_of_an_event_is_whole(joined_events: dict[str, Any]) -> None:
    """Nothing in it stands for something else."""
    for event in asyncapi.described(joined_events, "zh"):
        texts = list(_texts(event.example))
        assert examples.UNNAMED not in texts, event.type
        assert not [text for text in texts if "…" in text or "..." in text], event.type


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _texts(each)


def test_the_asyncapi_document_passes_the_official_parser(joined_events: dict[str, Any]) -> None:
    script = node_tools.installed("asyncapi", PARSER) / "parse.mjs"
    script.write_text(PARSE)
    described = subprocess.run(
        ["node", str(script)],
        input=json.dumps(joined_events).encode(),
        capture_output=True,
        check=True,
    )
    assert json.loads(described.stdout) == {"parsed": True, "errors": []}


async def test_the_document_is_chinese_unless_english_is_asked_for(
    client: httpx.AsyncClient,
) -> None:
    chinese = (await client.get("/openapi.json")).json()
    english = (await client.get("/openapi.json?lang=en")).json()
    path = "/api/v1/auth/token"
    assert chinese["paths"][path]["post"]["summary"] == "登录，换取令牌"
    assert english["paths"][path]["post"]["summary"] == "Sign in for tokens"
    assert chinese["openapi"].startswith("3.1")
    flow = chinese["components"]["securitySchemes"]["OneDoor"]["flows"]["password"]
    assert flow["tokenUrl"] == "/api/v1/auth/token"
    assert flow["scopes"]["clerk"] == "窗口人员"
    assert "/api/v1/echo/{name}" in chinese["paths"]


async def test_a_document_seen_before_is_not_sent_again(client: httpx.AsyncClient) -> None:
    for path in ("/openapi.json", "/asyncapi.json"):
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
