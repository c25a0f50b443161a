"""An example of what a JSON schema describes, from its own examples where it has any."""

from collections.abc import Mapping
from typing import Any

_BY_FORMAT = {
    "uuid": "01993f6a-6c00-7abc-8def-0123456789ab",
    "date-time": "2026-11-23T01:30:00Z",
    "date": "2026-11-23",
    "uri": "https://example.org/",
    "email": "someone@example.org",
}
_BY_TYPE: Mapping[str, Any] = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
DEEPEST = 8


def example(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that fits `schema`; references are looked up in `schemas` by their last part."""
    if "$ref" in schema:
        target = schemas[schema["$ref"].rpartition("/")[2]]
        return example(
            {**target, **{k: v for k, v in schema.items() if k != "$ref"}}, schemas, depth
        )
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            filled = [s for s in schema[key] if s.get("type") != "null"] or schema[key]
            return example(filled[0], schemas, depth)
    return _by_kind(schema, schemas, depth)


def _by_kind(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if kind == "object":
        inner = schema.get("properties", {}) if depth < DEEPEST else {}
        return {name: example(one, schemas, depth + 1) for name, one in inner.items()}
    if kind == "array":
        wanted = max(schema.get("minItems", 1), 1) if depth < DEEPEST else 0
        return [example(schema.get("items", {}), schemas, depth + 1)] * wanted
    if kind == "string":
        text = _BY_FORMAT.get(schema.get("format", ""), "…")
        return text.ljust(schema.get("minLength", 0), "…")
    if kind in ("integer", "number"):
        return schema.get("minimum", _BY_TYPE[kind])
    return _BY_TYPE.get(kind)
