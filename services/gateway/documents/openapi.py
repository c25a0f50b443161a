"""The one OpenAPI document of the house, joined from the services' own."""

from collections.abc import Mapping
from typing import Any

from services.gateway.documents import joining, words
from services.gateway.language import in_language, say
from shared.web import describing
from shared.web.documents import PROBLEM_TYPES
from shared.web.references import renamed

SCHEME = "OneDoor"
VERSION = "3.1.0"
_SUCCESS = ("Successful Response", "OK", "Created")


def join(documents: joining.Documents) -> dict[str, Any]:
    """The services' documents as one, in both languages. Only what is below /api/ is shown."""
    names = joining.new_names({s: joining.schemas_of(d) for s, d in documents.items()})
    paths: dict[str, Any] = {}
    schemes: dict[str, Any] = {}
    for service, document in documents.items():
        for path, item in document.get("paths", {}).items():
            if path.startswith("/api/") and path not in paths:
                paths[path] = renamed(item, names[service])
                _count_requests(paths[path], forwarded=service != "gateway")
        schemes |= document.get("components", {}).get("securitySchemes", {})
    _unique_operation_ids(paths)
    _say_success(paths)
    return {
        "openapi": VERSION,
        "info": words.OPENAPI_INFO,
        "servers": [{"url": "/", "description": words.THIS_SERVER}],
        "tags": _tags(paths),
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": joining.joined_schemas(documents, names),
            "headers": {**describing.HEADERS, **words.RATE_HEADERS},
            "securitySchemes": dict(sorted(schemes.items())),
        },
        PROBLEM_TYPES: declared_problems(paths),
    }


def in_one_language(document: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The document as people read it: in one language."""
    spoken: dict[str, Any] = in_language(document, language)
    for scheme in spoken["components"]["securitySchemes"].values():
        for flow in scheme.get("flows", {}).values():
            flow["scopes"] = {role: say(text, language) for role, text in flow["scopes"].items()}
    return spoken


def _unique_operation_ids(paths: dict[str, Any]) -> None:
    seen: set[str] = set()
    for path, method, operation in joining.each_operation(paths):
        known = operation.get("operationId")
        if known is None or known in seen:
            operation["operationId"] = f"{method}_{_slug(path)}"
        seen.add(operation["operationId"])


def _say_success(paths: Mapping[str, Any]) -> None:
    """The framework says it in English only."""
    for _, _, operation in joining.each_operation(paths):
        for response in operation["responses"].values():
            if response.get("description") in _SUCCESS:
                response["description"] = words.SUCCESS


def _count_requests(item: Mapping[str, Any], *, forwarded: bool) -> None:
    """The door says what is left of the allowance: when it forwards a call, or refuses one."""
    for operation in item.values():
        for status, response in operation.get("responses", {}).items():
            if forwarded or status == "429":
                known = response.get("headers", {})
                response["headers"] = {**describing.refer(*words.RATE_HEADERS), **known}


def _slug(path: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in path).split()[2:])


def _tags(paths: Mapping[str, Any]) -> list[dict[str, str]]:
    used = {tag for _, _, op in joining.each_operation(paths) for tag in op.get("tags", ())}
    known = [{"name": tag, "description": text} for tag, text in words.TAGS.items() if tag in used]
    return known + [{"name": tag} for tag in sorted(used - words.TAGS.keys())]


def declared_problems(paths: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Every problem type that an operation declares: {type: {"status", "description"}}."""
    found: dict[str, dict[str, str]] = {}
    for _, _, operation in joining.each_operation(paths):
        for status, response in operation["responses"].items():
            for line in response.get("description", "").split("\n"):
                text, has_type, rest = line.partition(" (`/problems/")
                if has_type:
                    kind = "/problems/" + rest.rstrip("`)")
                    found[kind] = {"status": status, "description": text}
    return dict(sorted(found.items()))


def all_problems(documents: joining.Documents) -> dict[str, dict[str, str]]:
    """Every problem type that a service can answer with, whether an operation declares it or not:
    a refusal by the server itself, by the gateway on the way, or of a key that is still in use."""
    listed = (document.get(PROBLEM_TYPES, {}) for document in documents.values())
    return dict(sorted({kind: about for one in listed for kind, about in one.items()}.items()))
