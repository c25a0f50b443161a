"""What the documents say of every operation alike: headers, keys, and the words of the glossary."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.errors import MEDIA_TYPE
from shared.web.bodies import SHEETS
from shared.web.glossary import Glossary
from shared.web.idempotency import LONGEST_KEY, SHORTEST_PUBLIC_KEY, UNSAFE

Json = dict[str, Any]
_TEXT: Json = {"type": "string"}

HEADERS: Mapping[str, Json] = {
    "Cache-Control": {
        "description": "可以保存多久 | How long the answer may be kept",
        "schema": {**_TEXT, "examples": ["no-cache"]},
    },
    "Content-Disposition": {
        "description": "建议的文件名 | The name to save the file by",
        "schema": {**_TEXT, "examples": ['attachment; filename="appointment.ics"']},
    },
    "Content-Language": {
        "description": "所用语言：zh 或 en | The language of the answer",
        "schema": {**_TEXT, "examples": ["zh"]},
    },
    "ETag": {
        "description": "版本标记，放进 If-None-Match 或 If-Match | The version: for If-None-Match,"
        " or If-Match",
        "schema": {**_TEXT, "examples": ['"3"']},
    },
    "Idempotent-Replayed": {
        "description": "true：这是同一个键先前的答复，没有再办一次 | `true`: the answer that the"
        " same key had before; nothing was done again",
        "schema": {**_TEXT, "enum": ["true"]},
    },
    "Last-Modified": {
        "description": "内容最后一次变化的时间 | When the content changed last",
        "schema": {**_TEXT, "examples": ["Mon, 30 Nov 2026 01:30:00 GMT"]},
    },
    "Link": {
        "description": "rel=next 是下一页的地址，没有则已是最后一页 | rel=next: the address of the"
        " next part; without one this is the last",
        "schema": {**_TEXT, "examples": ['<https://a.example/api/v1/x?cursor=y>; rel="next"']},
    },
    "Location": {
        "description": "新建内容的地址 | The address of what was made",
        "schema": {**_TEXT, "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "请等这么多秒再试 | Please wait for so many seconds",
        "schema": {"type": "integer", "minimum": 0, "examples": [1]},
    },
    "X-Request-Id": {
        "description": "本次请求的编号，报修时请提供 | The request's number: please name it when"
        " you report a fault",
        "schema": {**_TEXT, "examples": ["01993f6a-6c00-7abc-8def-0123456789ab"]},
    },
    "WWW-Authenticate": {
        "description": "怎样证明身份（RFC 6750） | How to prove who one is (RFC 6750)",
        "schema": {**_TEXT, "examples": ["Bearer"]},
    },
}
"""The headers that services send, by name."""
_OF_PROBLEMS = {
    "401": ("WWW-Authenticate",),
    "403": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
_FILES = frozenset({"text/csv", "text/calendar", "application/octet-stream"})
_KEY = (
    "同一请求重试时不变的键：一个键一天之内只生效一次 | Stays the same when the same request is"
    " retried: for a day one key has one effect"
)


def sends(*names: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route whose answer carries these headers."""
    return {status: {"headers": refer(*names)}}


def refer(*names: str) -> Json:
    """`headers` of a response, by reference to the components."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def complete(document: Json, words: Glossary, public: set[tuple[str, str]]) -> None:
    """Adds to a service's own document; `public` are the operations that anybody may call."""
    components = document["components"]
    components["headers"] = dict(HEADERS)
    words.describe(components["schemas"])
    for path, method, operation in _operations(document):
        body = operation.get("requestBody")
        if body is not None:
            _take_octets(body["content"])
            _describe_body(body, words, components["schemas"])
        if method.upper() in UNSAFE:
            _take_key(operation, SHORTEST_PUBLIC_KEY if (path, method) in public else 1)
        for parameter in operation.get("parameters", ()):
            _describe_parameter(parameter, words)
        responses = operation["responses"]
        if any(one["name"].lower() == "accept-language" for one in operation.get("parameters", ())):
            _send(next(iter(responses.values())), ("Content-Language",))
        if "304" in responses:
            _send(responses["200"], ("ETag",))
        for status, response in responses.items():
            _send(response, _sent(method, status, response))


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            yield path, method, operation


def _take_octets(content: Json) -> None:
    """A table may come as plain octets, which is all that many generated clients can send."""
    table, octets = SHEETS
    if table in content:
        content[octets] = {"schema": {**_TEXT, "format": "binary"}}


def _describe_body(body: Json, words: Glossary, schemas: Mapping[str, Json]) -> None:
    """What the body is: as its model is called in the glossary."""
    schema = next(iter(body["content"].values()))["schema"]
    parts = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    models = [part["$ref"].rpartition("/")[2] for part in parts if "$ref" in part]
    name = models[0] if models else schema.get("title", "")
    found = words.bodies.get(name)
    if found is None:
        return
    body.setdefault("description", found)
    if models:
        schemas[name]["description"] = found


def _take_key(operation: Json, shortest: int) -> None:
    """Every operation that changes something takes `Idempotency-Key`."""
    schema = {**_TEXT, "minLength": shortest, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"}
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": _KEY,
        "schema": {**schema, "examples": ["4f1c2a9e-7d30-4b51-9a64-0c1c8f2f6b7e"]},
    }
    others = operation.get("parameters", [])
    rest = [one for one in others if one["name"].lower() != "idempotency-key"]
    key["required"] = any(one["required"] for one in others if one not in rest)
    operation["parameters"] = [*rest, key]


def _describe_parameter(parameter: Json, words: Glossary) -> None:
    name = parameter["name"]
    found = words.parameters.get(name) or words.fields.get(name)
    if found:
        parameter.setdefault("description", found)


def _sent(method: str, status: str, response: Json) -> tuple[str, ...]:
    if MEDIA_TYPE in response.get("content", {}):
        again = ("Retry-After",) if status == "409" and method.upper() in UNSAFE else ()
        return ("Cache-Control", "Content-Language", *_OF_PROBLEMS.get(status, ()), *again)
    if status == "304":
        return ("Cache-Control", "ETag")
    replayed = ("Idempotent-Replayed",) if method.upper() in UNSAFE else ()
    named = ("Content-Disposition",) if _FILES & response.get("content", {}).keys() else ()
    return ("Cache-Control", *replayed, *named)


def _send(response: Json, names: tuple[str, ...]) -> None:
    response["headers"] = {**refer("X-Request-Id", *names), **response.get("headers", {})}
