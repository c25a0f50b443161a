"""References between the schemas of a document, by `#/components/schemas/NAME`."""

from collections.abc import Callable, Mapping
from typing import Any

Json = Any

PREFIX = "#/components/schemas/"


def renamed(value: Json, names: Mapping[str, str]) -> Json:
    """A copy whose references go by the new names of their schemas, where they have one."""
    return with_references(value, lambda name: PREFIX + names.get(name, name))


def with_references(value: Json, refer: Callable[[str], str]) -> Json:
    """A copy whose references are what `refer` makes of the names of their schemas."""
    if isinstance(value, dict):
        return {key: _member(key, inner, refer) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_references(inner, refer) for inner in value]
    return value


def _member(key: str, value: Json, refer: Callable[[str], str]) -> Json:
    if key == "$ref" and isinstance(value, str) and value.startswith(PREFIX):
        return refer(value.removeprefix(PREFIX))
    if key == "mapping" and isinstance(value, dict):  # a discriminator's: the values refer
        return {k: _member("$ref", v, refer) for k, v in value.items()}
    return with_references(value, refer)
