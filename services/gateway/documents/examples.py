"""An example of what a JSON schema describes: from its own examples, else by format or by name."""

from collections.abc import Mapping
from typing import Any

_BY_FORMAT = {
    "uuid": "01993f6a-6c00-7abc-8def-0123456789ab",
    "date-time": "2026-11-23T01:30:00Z",
    "date": "2026-11-23",
    "uri": "https://example.org/",
    "email": "someone@example.org",
}
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_BY_NAME = {
    "channel": "self",
    "department_code": "D03",
    "departments": "D03",
    "document_index": f"k1:{_DIGEST}",
    "evidence_root": _DIGEST,
    "from_verdict": "due_soon",
    "hall_code": "H001",
    "into_reg_no": "NC-LX-20261123-0001-4",
    "item": "CR-01",
    "item_code": "MP-02-01",
    "item_name": "批准结果信息",
    "kind": "formed",
    "lead_department_code": "D03",
    "notice": "国办发明电〔2025〕7号",
    "number": "DB-20261123-7KM2QX",
    "outcome": "done",
    "phone_index": f"k1:{_DIGEST}",
    "portal_id": "fgw-xmgk",
    "portal_name": "市发展改革委项目公开",
    "project_code": "2018-320000-77-01-500001",
    "project_name": "跨江大桥",
    "questionnaire_code": "SATISFACTION",
    "reason": "proven_absent",
    "reg_no": "NC-LX-20261123-0001-4",
    "region": "CN",
    "register_no": "D03-2026-00012",
    "rule_kind": "working_days",
    "sha256": _DIGEST,
    "silent": "D05",
    "source": "urn:onedoor:local",
    "stance": "agrees",
    "state": "called",
    "subject": "H001",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "unit_code": "D03",
    "unit_name": "住房和城乡建设局",
    "url": "https://www.example.org/xmgk/202611/t20261123_1001.html",
    "verdict": "overdue",
    "waiting_for": "D05",
}
"""What a field of that name holds in every event: one name is one thing (CONTRIBUTING)."""
UNNAMED = "text"
"""Where nobody has said what a text looks like; a test finds none in a published sample."""
_BY_TYPE: Mapping[str, Any] = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
DEEPEST = 8


def example(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0, name: str = ""
) -> Any:
    """A value that fits `schema`; references are looked up in `schemas` by their last part.

    `name` is that of the field that it describes.
    """
    if "$ref" in schema:
        target = schemas[schema["$ref"].rpartition("/")[2]]
        return example(
            {**target, **{k: v for k, v in schema.items() if k != "$ref"}}, schemas, depth, name
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
            return example(filled[0], schemas, depth, name)
    return _by_kind(schema, schemas, depth, name)


def _by_kind(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int, name: str) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if kind == "object":
        inner = schema.get("properties", {}) if depth < DEEPEST else {}
        return {field: example(one, schemas, depth + 1, field) for field, one in inner.items()}
    if kind == "array":
        wanted = max(schema.get("minItems", 1), 1) if depth < DEEPEST else 0
        return [example(schema.get("items", {}), schemas, depth + 1, name)] * wanted
    if kind == "string":
        return _BY_FORMAT.get(schema.get("format", "")) or _BY_NAME.get(name, UNNAMED)
    if kind in ("integer", "number"):
        return schema.get("minimum", _BY_TYPE[kind])
    return _BY_TYPE.get(kind)
